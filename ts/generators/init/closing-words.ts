import type { Tree } from '@nx/devkit'
import { readJsonOrEmpty } from '../json'
import { SECRETS, type Section, secretsIn } from '../section'
import type { Words } from '../words'
import type { Installed } from './dependencies'

/** Everything the user should know after the generator has run, in order. */
export function closingWords(tree: Tree, section: Section | undefined, installed: Installed): Words[] {
  return [
    ...aboutReplaced(installed),
    ...aboutSecrets(section ?? {}),
    ...aboutNxCloud(tree),
    section?.['bucket'] ? nextSteps(section) : noBucketYet,
  ]
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
function aboutNxCloud(tree: Tree): Words[] {
  const nxJson = readJsonOrEmpty<Record<string, unknown>>(tree, 'nx.json')
  const connected = nxJson['nxCloudId'] ?? nxJson['nxCloudAccessToken']
  if (!connected || nxJson['neverConnectToCloud']) return []
  return [
    {
      tone: 'warn',
      title: 'This workspace is connected to Nx Cloud, so Nx will not use the S3 cache',
      bodyLines: ['Remove "nxCloudId" from nx.json, or set "neverConnectToCloud": true.'],
    },
  ]
}

const noBucketYet: Words = {
  tone: 'warn',
  title: 'nx-s3-cache is installed, but no bucket is named yet',
  bodyLines: [
    'Until then Nx uses the local cache only. Name it with',
    '  npx nx g @nx/s3-cache:init --bucket=my-bucket --region=eu-central-1',
    'and for storage other than Amazon S3 add --endpoint=https://… --forcePathStyle.',
  ],
}

function nextSteps(section: Section): Words {
  return {
    tone: 'success',
    title: 'The S3 remote cache is set up. Next:',
    bodyLines: [
      `1. Give this shell credentials: ${credentials(section)}`,
      '2. Fill the cache:   npx nx run-many -t build',
      '3. Forget the local one and run again; every task should say [remote cache]:',
      '                     npx nx reset && npx nx run-many -t build',
      'In CI, set the same credentials as secrets. To encrypt entries, set NX_S3_CACHE_ENCRYPTION_KEY everywhere.',
      ...(section['trust'] ? [] : ['To keep pull requests from poisoning the cache: npx nx g @nx/s3-cache:trust']),
    ],
  }
}

function credentials(section: Section): string {
  if (section['ssoProfile']) return `aws sso login --profile ${section['ssoProfile']}`
  if (section['profile']) return `profile "${section['profile']}" of ~/.aws must have them`
  return 'export AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… (or AWS_PROFILE=…)'
}
