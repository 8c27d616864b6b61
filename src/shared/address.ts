const LOOPBACK = /^\w+:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?\/?$/;
/** Like `wss://gateway.example:7443`: no path, nobody's name. */
export const GATEWAY_FORM = /^(wss?|https?):\/\/[^\s/?#@]+(:\d+)?\/?$/;

/** Whether what is sent to an address could be read on the way: no TLS, and not this machine. */
export function isPlainOffMachine(address: string): boolean {
  return !/^(wss|https):/.test(address) && !LOOPBACK.test(address);
}

const SOCKET_FORM = /^wss?:\/\/[^\s,]+$/;

/** Whether a text is addresses of gateways that share one log, parted by commas. */
export function areGateways(text: string): boolean {
  return gatewaysOf(text).every((one) => SOCKET_FORM.test(one));
}

/** Each of the addresses that {@link areGateways} takes. */
export function gatewaysOf(text: string): readonly string[] {
  return text.split(',');
}

/** `http` addresses are taken for their sockets; no trailing slash. */
export function socketUrl(url: string): string {
  return url.replace(/^http/, 'ws').replace(/\/$/, '');
}
