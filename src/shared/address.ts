const LOOPBACK = /^\w+:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?\/?$/;
/** Like `wss://gateway.example:7443`: no path, nobody's name. */
export const GATEWAY_FORM = /^(wss?|https?):\/\/[^\s/?#@]+(:\d+)?\/?$/;

/** Whether what is sent to an address could be read on the way: no TLS, and not this machine. */
export function isPlainOffMachine(address: string): boolean {
  return !/^(wss|https):/.test(address) && !LOOPBACK.test(address);
}

/** Addresses of gateways that share one log, parted by commas. */
export const GATEWAYS_FORM = /^wss?:\/\/[^\s,]+(,wss?:\/\/[^\s,]+)*$/;

/** Each of the addresses that {@link GATEWAYS_FORM} takes. */
export function gatewaysOf(text: string): readonly string[] {
  return text.split(',');
}

/** `http` addresses are taken for their sockets; no trailing slash. */
export function socketUrl(url: string): string {
  return url.replace(/^http/, 'ws').replace(/\/$/, '');
}
