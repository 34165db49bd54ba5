import type { Section } from '../section'
import type { Words } from '../words'
import type { Mention } from './mentions'
import type { Converted } from './nx-json'

/** What the generator found and did. */
export interface Done {
  converted: Converted[]
  /** Packages that are no longer listed. */
  packages: string[]
  /** A package that may be of no use any more. */
  leftOver: string | undefined
  nxCloud: 'none' | 'connected' | 'left'
  mentions: Mention[]
  unknownRunners: string[]
  /** The `s3` section in effect. */
  section: Section | undefined
  /** How this workspace runs installed programs. */
  exec: string
}

/** Everything the user should know after the generator has run. */
export function closingWords(done: Done): Words[] {
  const changes = [...done.packages.map(name => `removed the package ${name}`), ...done.converted.flatMap(changesOf)]
  if (done.nxCloud === 'left') changes.push('disconnected the workspace from Nx Cloud')
  const remaining = [...done.converted.flatMap(secretsOf), ...remainder(done)]
  if (changes.length + remaining.length === 0 && done.section?.['bucket']) return [nothing]
  return [
    ...(changes.length > 0 ? [changed(changes)] : []),
    ...(remaining.length > 0 ? [remains(remaining)] : []),
    next(done.exec),
  ]
}

const nothing: Words = {
  tone: 'success',
  title: 'Nothing to migrate: no other remote cache is set up',
  bodyLines: ['Looked at nx.json, package.json, .env files and the pipelines of CI systems.'],
}

function changed(changes: string[]): Words {
  return { tone: 'success', title: 'nx-s3-cache takes over', bodyLines: changes.map(line => `- ${line}`) }
}

function remains(remaining: string[]): Words {
  return { tone: 'warn', title: 'What remains to be done by hand', bodyLines: remaining.map(line => `- ${line}`) }
}

function changesOf({ runner, written, dropped }: Converted): string[] {
  return [
    `removed the runner ${runner.name} from nx.json`,
    ...Object.entries(written).map(([key, value]) => `"s3": "${key}": ${JSON.stringify(value)}`),
    ...(dropped.length > 0 ? [`dropped options without an equivalent: ${dropped.join(', ')}`] : []),
  ]
}

/** The values are in the repository's history, so they are worth replacing. */
function secretsOf({ runner, secrets }: Converted): string[] {
  return secrets.map(name => `nx.json had the secret "${name}", which was removed: set ${runner.secrets[name]} instead`)
}

function remainder({ leftOver, nxCloud, mentions, unknownRunners, section, exec }: Done): string[] {
  return [
    ...unknownRunners.map(name => `nx.json names the runner ${name}, which Nx 21 and later ignore: remove it`),
    ...mentions.map(({ file, line, found, remedy }) => `${file}:${line}: ${found}: ${remedy}`),
    ...(nxCloud === 'connected'
      ? [
          `Nx Cloud is connected, so Nx uses no other cache. To leave it: ${exec} nx g @nx/s3-cache:migrate --leaveNxCloud`,
        ]
      : []),
    ...(section?.['bucket'] ? [] : [`no bucket is named: ${exec} nx g @nx/s3-cache:init --bucket=… --region=…`]),
    ...(leftOver ? [`${leftOver} is not needed for the cache; remove it unless another package needs it`] : []),
  ]
}

function next(exec: string): Words {
  return {
    tone: 'note',
    title: 'Next',
    bodyLines: [
      `1. Check the set-up:            ${exec} nx-s3-cache doctor`,
      `2. Keep pull requests from poisoning the cache: ${exec} nx g @nx/s3-cache:trust`,
      'The first run starts with an empty cache: entries of the former one are not read.',
    ],
  }
}
