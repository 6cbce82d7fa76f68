import { createServer } from 'node:http';
import process from 'node:process';

const { GREETING: greeting, VERSION: version, PORT: port, TUTTI_APPLICATION: deployment } = process.env;

const server = createServer((request, response) => {
  const body =
    request.url === '/health'
      ? { healthy: true }
      : { greeting, version, deployment, runtime: `process ${process.pid}` };
  response.writeHead(200, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
});
server.listen(Number(port), '127.0.0.1', () => console.log(`"${greeting}" on port ${port}`));

process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});
