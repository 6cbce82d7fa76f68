export default { kind: 'provider', type: 'state.half', version: '1.0.0' };
