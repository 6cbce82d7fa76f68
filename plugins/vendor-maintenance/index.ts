import { created, defineVendor, empty, ok, StateProvider, serve, stream } from 'tutti/plugin';
import { closeWindow, listWindows, openWindow, watchWindows } from './operations.ts';
import { MaintenanceWindows } from './windows.ts';

/**
 * Handlers are plain functions from a call to a reply. Credentials, roles, validation, idempotency keys and deadlines
 * are looked after before one is called, whatever protocol carried the call.
 */
export default defineVendor({
  type: 'vendor.maintenance',
  version: '1.0.0',
  summary: 'Maintenance windows of devices: open, close, list, watch',
  host: '>=0.1.0',
  uses: { state: StateProvider },
  operations: [openWindow, closeWindow, listWindows, watchWindows],
  create: ({ uses: { state }, clock }) => {
    const windows = new MaintenanceWindows(state, clock);
    return {
      operations: [
        serve(openWindow, async ({ input, principal }) => {
          const opened = await windows.open({ ...input, by: principal.id });
          return created(opened, `/windows/${opened.device}`);
        }),
        serve(closeWindow, async ({ input: { device } }) => {
          await windows.close(device);
          return empty;
        }),
        serve(listWindows, async () => ok({ items: await windows.list() })),
        serve(watchWindows, ({ signal }) => stream(windows.watch(signal))),
      ],
    };
  },
});
