// In: an AsyncAPI document. Out: a line for each thing its parser has to say that is more than a hint, then the number of channels and operations.
import { Parser } from '@asyncapi/parser';
import { readFileSync } from 'node:fs';
const { document, diagnostics } = await new Parser().parse(readFileSync(0, 'utf8'));
for (const found of diagnostics) if (found.severity < 2) console.log(`${found.path?.join('.') ?? ''}: ${found.message}`);
console.log(document ? `${document.channels().all().length} channels, ${document.operations().all().length} operations` : 'no document');
