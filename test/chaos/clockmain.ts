import { fuzzFrames, fuzzIpc } from './fuzz';
console.log(JSON.stringify(await fuzzIpc(20000, 3), null, 1));
console.log(JSON.stringify(await fuzzFrames(10000, 3), null, 1));
process.exit(0);
