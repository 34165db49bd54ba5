import type { Tree } from '@nx/devkit'
import type { Commands } from '../commands'
import { readJsonOrEmpty } from '../json'
import { readSection, SECRETS, type Section, secretsIn } from '../section'
import type { Words } from '../words'
import type { Installed } from './dependencies'

/** Everything the user should know after the generator has run, in order. */
export function closingWords(
  tree: Tree,
  section: Section | undefined,
  installed: Installed,
  commands: Commands,
): Words[] {
  return [
    ...aboutReplaced(installed),
    ...aboutSecrets(section ?? {}),
    ...(usesNxCloud(tree) ? [nxCloudComesFirst(commands)] : []),
    ...(section?.['bucket'] ? (usesNxCloud(tree) ? [] : [nextSteps(section, commands)]) : [noBucketYet(commands)]),
  ]
}

/** Whether Nx will use the bucket that nx.json names. */
export function worksWith(tree: Tree): boolean {
  return Boolean(readSection(tree)?.['bucket']) && !usesNxCloud(tree)
}

function aboutReplaced({ replaced, leftOver }: Installed): Words[] {
  if (replaced.length === 0) return []
  return [
    {
      tone: 'success',
      title: `nx-s3-cache takes the place of ${replaced.join(' and ')}`,
      bodyLines: [
        'The settings in nx.json stay. Entries written by the former package are not read: the first run fills the cache anew.',
        ...(leftOver
          ? [`${leftOver} is no longer needed for the cache; remove it unless another Nx package uses it.`]
          : []),
      ],
    },
  ]
}

function aboutSecrets(section: Section): Words[] {
  const found = secretsIn(section)
  if (found.length === 0) return []
  return [
    {
      tone: 'warn',
      title: 'nx.json contains secrets',
      bodyLines: [
        'They still work, but whoever can read the repository can use them. Better move them to the environment:',
        ...found.map(key => `- ${key} → ${SECRETS[key]}`),
      ],
    },
  ]
}

/** With Nx Cloud connected, Nx doesn't look for another cache. */
function usesNxCloud(tree: Tree): boolean {
  const nxJson = readJsonOrEmpty<Record<string, unknown>>(tree, 'nx.json')
  return Boolean(nxJson['nxCloudId'] ?? nxJson['nxCloudAccessToken']) && !nxJson['neverConnectToCloud']
}

function nxCloudComesFirst({ ours }: Commands): Words {
  return {
    tone: 'warn',
    title: 'This workspace is connected to Nx Cloud, so Nx will not use the S3 cache',
    bodyLines: [
      'Remove "nxCloudId" from nx.json, or set "neverConnectToCloud": true.',
      `Then check the cache: ${ours('doctor')}`,
    ],
  }
}

function noBucketYet({ nx }: Commands): Words {
  return {
    tone: 'warn',
    title: 'nx-s3-cache is installed, but no bucket is named yet',
    bodyLines: [
      'Until then Nx uses the local cache only. Name it with',
      `  ${nx('g @nx/s3-cache:init --bucket=my-bucket --region=eu-central-1')}`,
      'and for storage other than Amazon S3 add --endpoint=https://… --forcePathStyle.',
    ],
  }
}

function nextSteps(section: Section, { nx, ours }: Commands): Words {
  const steps = [
    ...credentials(section),
    `Check the connection: ${ours('doctor')}`,
    `Fill the cache: ${nx('run-many -t build')}`,
    `Drop the local cache and run again: ${nx('reset')} && ${nx('run-many -t build')}`,
  ]
  return {
    tone: 'success',
    title: 'The S3 remote cache is set up. Next:',
    bodyLines: [
      ...steps.map((step, index) => `${index + 1}. ${step}`),
      '   Every task should now say [remote cache].',
      'In CI, set the same credentials as secrets. To encrypt entries, set NX_S3_CACHE_ENCRYPTION_KEY everywhere.',
      ...(section['trust'] ? [] : [`To keep pull requests from poisoning the cache: ${nx('g @nx/s3-cache:trust')}`]),
    ],
  }
}

/** How this shell gets credentials, unless it has some. */
function credentials(section: Section): string[] {
  if (section['ssoProfile']) return [`Sign in: aws sso login --profile ${section['ssoProfile']}`]
  if (section['profile']) return [`Make sure that profile "${section['profile']}" in ~/.aws has credentials`]
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_PROFILE } = process.env
  if ((AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY) || AWS_PROFILE || section['accessKeyId']) return []
  return ['Give this shell credentials: export AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… (or AWS_PROFILE=…)']
}
