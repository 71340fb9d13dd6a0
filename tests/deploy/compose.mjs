// node compose.mjs FILE: the configuration that docker-compose made of compose.yaml keeps what it promises. Exit code 1 with a line a mistake.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { parse } from 'yaml'

const { services } = parse(readFileSync(process.argv[2], 'utf8'))
const mistakes = []
for (const [name, service] of Object.entries(services)) {
  if (service.read_only !== true) mistakes.push(`${name}: its root can be written`)
  if (!service.cap_drop?.includes('ALL') || service.cap_add || service.privileged) mistakes.push(`${name} has capabilities`)
  if (!service.security_opt?.includes('no-new-privileges:true')) mistakes.push(`${name} may gain privileges`)
  if (!/^[1-9]\d*:/.test(service.user ?? '')) mistakes.push(`${name} runs as root`)
  if (!service.healthcheck?.test) mistakes.push(`${name} is not asked how it is`)
  if (!service.deploy?.resources?.limits?.memory) mistakes.push(`${name} has no bound of memory`)
  if (!/:.*\d/.test(service.image) && !service.build) mistakes.push(`${name}: ${service.image} has no version`)
  for (const [key, value] of Object.entries(service.environment ?? {}))
    if (/password|secret|connection/i.test(key) && !/(__FILE|_FILE|Fleet__Secrets)$/.test(key)) mistakes.push(`${name}: ${key} has a secret in the environment (${value})`)
  for (const volume of service.volumes ?? []) {
    const source = typeof volume === 'string' ? volume.split(':')[0] : volume.source
    // What make-secrets.sh makes is looked for by its own test.
    if (source.startsWith('/') && !source.includes('/secrets/') && !existsSync(source)) mistakes.push(`${name}: there is no ${source}`)
    else if (source.startsWith('/') && !source.includes('/secrets/') && /\.(ya?ml|conf|sh)$/.test(source) && !statSync(source).isFile()) mistakes.push(`${name}: ${source} is no file`)
  }
}
for (const mistake of mistakes) console.log(mistake)
process.exit(mistakes.length > 0 ? 1 : 0)
