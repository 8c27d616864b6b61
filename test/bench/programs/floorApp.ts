// The least an Electron program can do: a window, a global shortcut, and one frame sent at a press.
import { app, BrowserWindow, globalShortcut } from 'electron';
import WebSocket from 'ws';

const { FLOOR_SHORTCUT = '', FLOOR_URL } = process.env;

app.whenReady().then(async () => {
  const window = new BrowserWindow({ width: 340, height: 560, show: false });
  const socket = FLOOR_URL ? new WebSocket(FLOOR_URL) : null;
  globalShortcut.register(FLOOR_SHORTCUT, () => socket?.send('{"type":"kill"}'));
  window.once('ready-to-show', () => window.showInactive());
  await window.loadURL('data:text/html,<title>floor</title><button>stop</button>');
  // As the terminal counts it: two frames on, what was rendered is on the screen.
  const twoFrames = 'new Promise((y) => requestAnimationFrame(() => requestAnimationFrame(y)))';
  await window.webContents.executeJavaScript(`${twoFrames}.then(() => null)`);
  if (socket && socket.readyState !== WebSocket.OPEN) {
    await new Promise((open) => socket.once('open', open));
  }
  process.stdout.write('ready\n');
});
process.once('SIGTERM', () => app.exit(0));
