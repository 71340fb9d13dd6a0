// In: {"schemas": [schema, ...], "documents": [{"schema": id, "name": text, "document": value}, ...]}. Out: a line for each mistake.
const Ajv = require('ajv/dist/2020').default;
const formats = require('ajv-formats').default;
const input = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const ajv = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true });
formats(ajv);
ajv.addKeyword('x-unit');
for (const schema of input.schemas) ajv.addSchema(schema);
for (const schema of input.schemas) ajv.getSchema(schema.$id);
for (const { schema, name, document } of input.documents) {
  const validate = ajv.getSchema(schema);
  if (!validate) console.log(`${name}: there is no schema ${schema}`);
  else if (!validate(document)) for (const error of validate.errors) console.log(`${name}${error.instancePath}: ${error.message} (${JSON.stringify(error.params)})`);
}
