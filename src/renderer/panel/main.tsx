import '../styles/app.css';
import { start } from '../lib/start';
import { Panel } from './Panel';

void start('panel', <Panel />);
