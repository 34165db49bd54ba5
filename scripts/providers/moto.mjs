// moto, a mock of AWS in memory, with signatures and IAM policies enforced.
import { join } from 'node:path'
import { fromPyPI } from './install.mjs'
import { administration, everything, onePrefix, readOnly } from './policies.mjs'
import { freePorts, Processes } from './processes.mjs'

const version = '5.2.5'
const users = { admin: administration, reader: readOnly(), limited: onePrefix() }
const anybody = { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }
const role = { name: 'cache', trust: { Version: '2012-10-17', Statement: [anybody] } }

export const moto = {
  name: 'moto',
  title: 'moto (a mock)',
  version,
  settings: '`forcePathStyle`',
  install: () => fromPyPI(`moto-${version}`, [`moto[s3,iam,sts]==${version}`, 'flask', 'flask-cors']),
  async start(directory, installed) {
    const [port] = await freePorts(1)
    const endpoint = `http://127.0.0.1:${port}`
    // That many requests are answered to anybody: those that make the users.
    const env = { ...process.env, INITIAL_NO_AUTH_ACTION_COUNT: String(Object.keys(users).length * 3 + 2) }
    const processes = new Processes(join(directory, 'logs'))
    processes.start(join(installed, 'bin', 'moto_server'), ['-H', '127.0.0.1', '-p', String(port)], { env })
    await processes.listening(port)
    const made = {}
    for (const [name, policy] of Object.entries(users)) made[name] = await makeUser(endpoint, name, policy)
    const roleArn = await makeRole(endpoint)
    return {
      endpoint,
      keys: made.admin,
      readOnlyKey: made.reader,
      prefixKey: made.limited,
      sts: { endpoint, roleArn },
      stop: () => processes.stop(),
    }
  },
}

async function makeUser(endpoint, UserName, policy) {
  await iam(endpoint, { Action: 'CreateUser', UserName })
  await iam(endpoint, { Action: 'PutUserPolicy', UserName, PolicyName: 'own', PolicyDocument: JSON.stringify(policy) })
  const answer = await iam(endpoint, { Action: 'CreateAccessKey', UserName })
  return { id: element(answer, 'AccessKeyId'), secret: element(answer, 'SecretAccessKey') }
}

async function makeRole(endpoint) {
  const trust = JSON.stringify(role.trust)
  const answer = await iam(endpoint, { Action: 'CreateRole', RoleName: role.name, AssumeRolePolicyDocument: trust })
  const document = JSON.stringify(everything)
  await iam(endpoint, { Action: 'PutRolePolicy', RoleName: role.name, PolicyName: 'own', PolicyDocument: document })
  return element(answer, 'Arn')
}

/** Asks moto's IAM; the header's scope tells which service is meant. */
async function iam(endpoint, parameters) {
  const authorization =
    'AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0'
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: { authorization },
    body: new URLSearchParams({ Version: '2010-05-08', ...parameters }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`moto refused ${parameters.Action}: ${text}`)
  return text
}

const element = (xml, name) => xml.match(new RegExp(`<${name}>([^<]*)<`))[1]
