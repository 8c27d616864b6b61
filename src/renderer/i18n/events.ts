/** What each type of event is called, in the desk's words; the type itself stays in the detail. */
const NAMES: Readonly<Record<string, readonly [es: string, en: string]>> = {
  'log.opened': ['registro abierto', 'log opened'],
  'gateway.started': ['gateway arrancado', 'gateway started'],
  'gateway.stopped': ['gateway parado', 'gateway stopped'],
  'policy.loaded': ['política cargada', 'policy loaded'],
  'session.opened': ['terminal conectado', 'terminal connected'],
  'session.closed': ['terminal desconectado', 'terminal disconnected'],
  'auth.failed': ['acceso denegado', 'access denied'],
  'engine.registered': ['motor registrado', 'engine registered'],
  'engine.connected': ['motor conectado', 'engine connected'],
  'engine.lost': ['motor perdido', 'engine lost'],
  'engine.self_paused': ['motor se pausó solo', 'engine paused itself'],
  'engine.mode_applied': ['motor tomó un modo', 'engine took a mode'],
  'engine.fault_set': ['simulacro de fallo', 'fault drill'],
  'kill.requested': ['PARADA pedida', 'KILL requested'],
  'kill.step_settled': ['parada: paso respondido', 'kill: step answered'],
  'kill.read_back': ['parada: lectura del motor', 'kill: engine read back'],
  'kill.reopened': ['parada: algo volvió a abrirse', 'kill: something reopened'],
  'kill.halted': ['parada: DETENIDO', 'kill: HALTED'],
  'kill.flat': ['parada: PLANO', 'kill: FLAT'],
  'ops.paused': ['pausa', 'paused'],
  'ops.resume_requested': ['reanudación pedida', 'resume requested'],
  'ops.resume_withdrawn': ['reanudación retirada', 'resume withdrawn'],
  'ops.resumed': ['reanudado', 'resumed'],
  'command.rejected': ['orden rechazada', 'command rejected'],
  'terminal.reported': ['aviso del terminal', 'terminal’s report'],
};

/** The name of an event's type in a language; a type this version does not know names itself. */
export function eventName(type: string, language: string): string {
  const names = NAMES[type];
  return names ? names[language === 'en' ? 1 : 0] : type;
}
