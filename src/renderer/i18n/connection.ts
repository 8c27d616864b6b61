/** Texts of where this terminal is connected. */
export const connectionEs = {
  'connection.title': 'Conexión',
  'connection.source.config': 'A {{gateways}}, como dice el archivo de su orden de arranque.',
  'connection.source.desk': 'A {{gateways}}, como dice el archivo de ajustes de la mesa.',
  'connection.source.own': 'A {{gateways}}, elegido en este equipo.',
  'connection.source.paper': 'A una mesa de papel propia, en esta máquina.',
  'connection.source.none': 'A ninguna parte: no se puede leer a qué gateway.',
  'connection.next': 'Desde el próximo arranque:',
  'connection.fixed': 'Aquí no se cambia.',
  'connection.choose': 'Este terminal trabaja con',
  'connection.gateway': 'el gateway de la mesa',
  'connection.paper': 'papel en esta máquina',
  'connection.effect':
    'Vale desde el próximo arranque del terminal. Mientras tanto sigue la conexión de ahora.',
  'connection.address': 'Dirección del gateway',
  'connection.badAddress':
    'Escríbala como wss://gateway.ejemplo:7443. Sin cifrar (ws://) solo en esta misma máquina: el token viajaría legible.',
  'connection.look': 'Comprobar',
  'connection.looking': 'comprobando…',
  'connection.unreachable':
    'Esa dirección no responde o no tiene TLS. Revísela y compruebe otra vez.',
  'connection.confirmed': 'Certificado confirmado.',
  'connection.plainHere': 'Sin cifrar, en esta misma máquina.',
  'connection.join': 'Iniciar sesión y conectar',
  'connection.joining': 'conectando…',
  'connection.joined': 'Conectó: mesa {{desk}}, {{environment}}, sesión de {{operator}}.',
  'connection.askedAgain': 'El token no se guarda: se pedirá de nuevo al arrancar.',
  'connection.usePaper': 'Usar papel desde el próximo arranque',
  'connection.restart': 'Reiniciar el terminal ahora',
  'connection.restartWhat':
    'Unos segundos sin panel ni tecla en este equipo. La mesa sigue como esté.',
  'connection.restartKill': 'No se reinicia mientras una parada de este terminal siga en curso.',
  'connection.alarm': 'SIN CONEXIÓN CONFIGURADA',
  'connection.alarmWhat':
    'No se puede leer a qué gateway se conecta este terminal. No abre una mesa de papel en su lugar: desde aquí no se detiene nada. Use otro terminal y avise a quien administra la mesa; en Ajustes puede elegir la conexión usted.',
  'connection.last': 'No se lee todo lo que dice la conexión; vale lo último que se leyó bien.',
} as const;

export const connectionEn: Readonly<Record<keyof typeof connectionEs, string>> = {
  'connection.title': 'Connection',
  'connection.source.config': 'To {{gateways}}, as the file of its start command says.',
  'connection.source.desk': 'To {{gateways}}, as the desk’s settings file says.',
  'connection.source.own': 'To {{gateways}}, chosen on this machine.',
  'connection.source.paper': 'To a paper desk of its own, on this machine.',
  'connection.source.none': 'To nothing: which gateway cannot be read.',
  'connection.next': 'From the next start on:',
  'connection.fixed': 'It is not changed here.',
  'connection.choose': 'This terminal works with',
  'connection.gateway': 'the desk’s gateway',
  'connection.paper': 'paper on this machine',
  'connection.effect':
    'Holds from the terminal’s next start on. Until then it stays connected as it is.',
  'connection.address': 'The gateway’s address',
  'connection.badAddress':
    'Write it like wss://gateway.example:7443. Not encrypted (ws://) on this very machine only: the token would travel readable.',
  'connection.look': 'Check',
  'connection.looking': 'checking…',
  'connection.unreachable':
    'That address does not answer or has no TLS. Look at it and check again.',
  'connection.confirmed': 'Certificate confirmed.',
  'connection.plainHere': 'Not encrypted, on this very machine.',
  'connection.join': 'Sign in and connect',
  'connection.joining': 'connecting…',
  'connection.joined': 'Connected: desk {{desk}}, {{environment}}, session of {{operator}}.',
  'connection.askedAgain': 'The token is not kept: the next start asks for it.',
  'connection.usePaper': 'Use paper from the next start on',
  'connection.restart': 'Restart the terminal now',
  'connection.restartWhat':
    'A few seconds without panel and key on this machine. The desk stays as it is.',
  'connection.restartKill': 'No restart while a kill of this terminal is under way.',
  'connection.alarm': 'NO CONNECTION CONFIGURED',
  'connection.alarmWhat':
    'Which gateway this terminal connects to cannot be read. It opens no paper desk in its place: nothing can be stopped from here. Use another terminal and tell whoever administers the desk; in Settings you may choose the connection yourself.',
  'connection.last': 'Not all that the connection says can be read; what was last read well holds.',
};
