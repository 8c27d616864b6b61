import fc from 'fast-check';

// By default arrays stop at about ten elements, whatever length they may have: no history worth the name.
fc.configureGlobal({ baseSize: 'medium' });
