import '../styles/app.css';
import { start } from '../lib/start';
import { Console } from './Console';

void start('console', <Console />);
