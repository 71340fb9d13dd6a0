// node manifests.mjs FILE...: every Kubernetes document in these files is what its schema allows (npm kubernetes-models). Exit code 1 with a line a mistake.
// node manifests.mjs --together FILE...: and they fit each other: what one refers to is in another.
import { readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'

const together = process.argv[2] === '--together'
const documents = process.argv.slice(together ? 3 : 2).flatMap(file =>
  parseAllDocuments(readFileSync(file, 'utf8')).map(document => document.toJS()).filter(Boolean).map(content => ({ file, content })))

// The schemas allow keys they do not know, a cluster does not. A key that its schema never looked at is one of those.
class Watch {
  #keys = new Map()
  over(value, path = '') {
    if (value === null || typeof value !== 'object') return value
    if (!Array.isArray(value)) for (const key of Object.keys(value)) if (!this.#keys.has(`${path}/${key}`)) this.#keys.set(`${path}/${key}`, false)
    return new Proxy(value, {
      get: (target, key) => {
        const got = Reflect.get(target, key)
        if (typeof key !== 'string' || !Object.hasOwn(target, key)) return got
        this.#keys.set(`${path}/${key}`, true)
        return this.over(got, `${path}/${key}`)
      },
      // Whoever goes over all keys, as over labels, takes any.
      ownKeys: target => {
        for (const key of Object.keys(target)) this.#keys.set(`${path}/${key}`, true)
        return Reflect.ownKeys(target)
      },
    })
  }
  unread() { return [...this.#keys].filter(([, read]) => !read).map(([key]) => key) }
}

const mistakes = []
for (const { file, content } of documents) {
  const name = `${file}: ${content.kind} ${content.metadata?.name}`
  const module = await import(`kubernetes-models/${content.apiVersion}/${content.kind}`).catch(() => null)
  if (!module) { mistakes.push(`${name}: there is no ${content.kind} of ${content.apiVersion}`); continue }
  const watched = new Watch()
  try {
    watched.over(new module[content.kind](content)).validate()
    for (const key of watched.unread()) mistakes.push(`${name}: ${key} is no key there`)
  } catch (e) {
    mistakes.push(`${name}: ${e.message.replaceAll('\n', '; ')}`)
  }
}
if (documents.length === 0) mistakes.push('There is no document.')

const of = kind => documents.map(document => document.content).filter(content => content.kind === kind)
const named = (kind, name) => of(kind).some(content => content.metadata.name === name)
const matches = (selector, labels) => Object.entries(selector ?? {}).every(([key, value]) => labels?.[key] === value)

if (together) {
  const sets = of('StatefulSet')
  for (const set of sets) {
    const where = `StatefulSet ${set.metadata.name}`
    const pod = set.spec.template
    const claims = (set.spec.volumeClaimTemplates ?? []).map(claim => claim.metadata.name)
    const volumes = [...(pod.spec.volumes ?? []).map(volume => volume.name), ...claims]
    for (const volume of pod.spec.volumes ?? []) {
      if (volume.secret && !named('Secret', volume.secret.secretName)) mistakes.push(`${where}: no Secret ${volume.secret.secretName}`)
      if (volume.configMap && !named('ConfigMap', volume.configMap.name)) mistakes.push(`${where}: no ConfigMap ${volume.configMap.name}`)
      if (volume.persistentVolumeClaim && !named('PersistentVolumeClaim', volume.persistentVolumeClaim.claimName)) mistakes.push(`${where}: no claim ${volume.persistentVolumeClaim.claimName}`)
    }
    if (!named('Service', set.spec.serviceName)) mistakes.push(`${where}: no Service ${set.spec.serviceName}`)
    if (!matches(set.spec.selector.matchLabels, pod.metadata.labels)) mistakes.push(`${where} does not select its own pods`)
    if (!(pod.spec.securityContext?.runAsNonRoot && pod.spec.securityContext.seccompProfile?.type === 'RuntimeDefault')) mistakes.push(`${where} may run as root or without a seccomp profile`)
    if (pod.spec.automountServiceAccountToken !== false) mistakes.push(`${where} is given a token for the cluster`)
    if (!(pod.spec.terminationGracePeriodSeconds >= 60)) mistakes.push(`${where} is killed before it has handed over`)
    for (const container of pod.spec.containers) {
      const at = `${where}, ${container.name}`
      const own = container.securityContext ?? {}
      if (own.allowPrivilegeEscalation !== false || own.readOnlyRootFilesystem !== true || !own.capabilities?.drop?.includes('ALL')) mistakes.push(`${at} has privileges or a root that can be written`)
      if (!container.resources?.limits?.memory || !container.resources?.requests?.cpu) mistakes.push(`${at} has no bounds`)
      for (const mount of container.volumeMounts ?? []) if (!volumes.includes(mount.name)) mistakes.push(`${at}: no volume ${mount.name}`)
      for (const from of container.envFrom ?? []) if (from.configMapRef && !named('ConfigMap', from.configMapRef.name)) mistakes.push(`${at}: no ConfigMap ${from.configMapRef.name}`)
      const ports = (container.ports ?? []).map(port => port.name)
      for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'].map(kind => container[kind]).filter(Boolean)) {
        const port = probe.httpGet?.port ?? probe.tcpSocket?.port
        if (typeof port === 'string' && !ports.includes(port)) mistakes.push(`${at}: a probe asks port ${port}, which it has not`)
      }
      if (ports.length > 0 && !(container.readinessProbe && container.livenessProbe && container.startupProbe)) mistakes.push(`${at} listens and is not asked how it is`)
    }
  }
  for (const service of of('Service')) {
    const set = sets.find(candidate => matches(service.spec.selector, candidate.spec.template.metadata.labels))
    if (!set) { mistakes.push(`Service ${service.metadata.name} selects nobody`); continue }
    const ports = set.spec.template.spec.containers.flatMap(container => container.ports ?? []).map(port => port.name)
    for (const port of service.spec.ports) if (!ports.includes(port.targetPort)) mistakes.push(`Service ${service.metadata.name}: nobody listens at ${port.targetPort}`)
  }
  for (const scaler of of('HorizontalPodAutoscaler')) if (!named(scaler.spec.scaleTargetRef.kind, scaler.spec.scaleTargetRef.name)) mistakes.push(`HorizontalPodAutoscaler ${scaler.metadata.name} scales nothing`)
  for (const budget of of('PodDisruptionBudget')) if (!sets.some(set => matches(budget.spec.selector.matchLabels, set.spec.template.metadata.labels))) mistakes.push(`PodDisruptionBudget ${budget.metadata.name} covers nobody`)

  // Who gets to which port, by the policies: everybody's doors are these, and no others.
  const policies = of('NetworkPolicy')
  if (!policies.some(policy => Object.keys(policy.spec.podSelector).length === 0 && policy.spec.policyTypes.includes('Ingress') && !policy.spec.ingress)) mistakes.push('No policy closes what none opens.')
  const doors = policies.flatMap(policy => (policy.spec.ingress ?? []).flatMap(rule => rule.ports.map(port =>
    `${policy.spec.podSelector.matchLabels['app.kubernetes.io/name']}:${port.port} from ${(rule.from ?? [{}]).map(from => from.podSelector?.matchLabels['app.kubernetes.io/name'] ?? 'anywhere').join(', ')}`))).sort()
  const wanted = [
    'cvops-broker:8883 from anywhere', 'cvops-broker:8884 from cvops-fleet', 'cvops-fleet:11111 from cvops-fleet', 'cvops-fleet:8443 from anywhere', 'cvops-postgres:5432 from cvops-fleet',
  ]
  if (doors.join('\n') !== wanted.join('\n')) mistakes.push(`The doors are: ${doors.join('; ')}`)
}

for (const mistake of mistakes) console.log(mistake)
process.exit(mistakes.length > 0 ? 1 : 0)
