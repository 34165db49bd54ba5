import type { Commands } from '../commands'
import type { Words } from '../words'
import type { CiSystem } from './ci-systems'
import { instructions } from './instructions'
import type { MadeKey } from './key-pair'
import { keyNames, type Trust } from './settings'

/** What the generator did. */
export interface Done {
  before: Trust
  after: Trust
  /** The identity that was added. */
  identity: string | undefined
  made: MadeKey | undefined
  /** The file that holds the settings. */
  file: string
  ciSystems: CiSystem[]
  commands: Commands
}

/** True of any change to nx.json; a file that it extends isn't hashed. */
const COLD = 'The next runs start with an empty cache, since Nx hashes nx.json into every task.'

/** Everything the user should know after the generator has run, in order. The secret key is not in it. */
export function closingWords({ before, after, identity, made, file, ciSystems, commands }: Done): Words[] {
  const branches = after.branches ?? []
  if (identity && !made) return keyless(identity, branches, file, commands)
  if (!made) return [noNewKey(before, after, commands)]
  return [
    {
      tone: 'success',
      title: `The key pair ${made.name} is made`,
      bodyLines: [
        `Its public half is in ${file}: commit that.`,
        ...(file === 'nx.json' ? [COLD] : []),
        `Its secret half is in ${made.secretFile}.`,
        `Only pushes to ${branches.join(', ')} may have it: what they store is signed, and nothing else is believed.`,
      ],
    },
    ...ciSystems.map(system => instructions(system, branches, made.secretFile)),
    whenDone(before, made, commands),
  ]
}

function keyless(identity: string, branches: string[], file: string, { nx, ours }: Commands): Words[] {
  return [
    {
      tone: 'success',
      title: `Runs of ${identity} may sign`,
      bodyLines: [
        `There is no key, and no secret. The identity is in ${file}: commit that.`,
        ...(file === 'nx.json' ? [COLD] : []),
        `Only pushes to ${branches.join(', ')} are believed.`,
      ],
    },
    { tone: 'note', ...inTheJob(identity) },
    {
      tone: 'note',
      title: 'When that is done',
      bodyLines: [
        `See what the job can do: ${ours('doctor')}`,
        'Let nobody change nx.json and the CI files without a review (CODEOWNERS).',
        `For CI systems without such an identity, a key: ${nx('g @nx/s3-cache:trust --name=…')}`,
      ],
    },
  ]
}

function inTheJob(identity: string): Omit<Words, 'tone'> {
  if (identity.startsWith('github')) {
    return {
      title: 'GitHub Actions: protected branches, and two lines for the job that runs these pushes',
      bodyLines: [
        'These branches need a ruleset or a branch protection rule: runs of others are not believed.',
        '    permissions: # of this job; what is not listed, it may not do',
        '      contents: read',
        '      id-token: write',
      ],
    }
  }
  const command = identity.startsWith('buildkite') ? 'buildkite-agent' : 'circleci'
  return {
    title: `The job needs no settings, but the command ${command}`,
    bodyLines: ['Where it runs in a container, mount the command and pass its environment on.'],
  }
}

function noNewKey(before: Trust, after: Trust, { nx }: Commands): Words {
  const changed = JSON.stringify(before) !== JSON.stringify(after)
  return {
    tone: 'success',
    title: changed ? 'The trust settings in nx.json are changed' : 'The cache is protected already',
    bodyLines: [
      `Who may sign: ${[...(after.identities ?? []), ...keyNames(after)].join(', ')}. Pushes that are trusted: ${(after.branches ?? []).join(', ')}.`,
      `Another key, to replace one that is there, takes a name: ${nx('g @nx/s3-cache:trust --name=…')}`,
    ],
  }
}

function whenDone(before: Trust, { secretFile, name }: MadeKey, { ours }: Commands): Words {
  const others = keyNames(before)
  return {
    tone: 'note',
    title: 'When that is done',
    bodyLines: [
      `Delete the file: ${removal(secretFile)}`,
      ...(others.length > 0
        ? [
            `What ${others.join(' and ')} signed is still believed. Remove that line from nx.json when ${name} has taken over.`,
          ]
        : []),
      'Let nobody change nx.json and the CI files without a review (CODEOWNERS).',
      `See what the bucket lets pull requests do: ${ours('doctor --attack')}`,
    ],
  }
}

function removal(path: string): string {
  return process.platform === 'win32' ? `del "${path}"` : `rm '${path}'`
}
