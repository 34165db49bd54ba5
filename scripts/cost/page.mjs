// The tables of docs/cost.md, from figures.json.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../support/paths.mjs'
import { artifact, bytesForAPut, month, ours, plainObjects, server } from './model.mjs'

export const page = join(repository, 'docs', 'cost.md')
export const figures = JSON.parse(readFileSync(join(repository, 'scripts', 'cost', 'figures.json'), 'utf8'))

const { s3, r2 } = figures.prices

/** The page with its tables made anew. */
export function rendered(text) {
  return Object.entries({ teams, dollars, artifacts, rules, touching }).reduce((page, [name, table]) => {
    const marks = new RegExp(`(<!-- ${name}: made by npm run cost -->\n)[\\s\\S]*?(\n<!-- /${name} -->)`)
    if (!marks.test(page)) throw new Error(`docs/cost.md has no place for ${name}`)
    return page.replace(marks, (_, begin, end) => `${begin}\n${table()}\n${end}`)
  }, text)
}

function teams() {
  const { days, developerRuns, developerShare } = figures.habits
  const rows = figures.teams.map(team => {
    const { hits, stores } = month(team, figures.habits)
    const { runs, tasks } = team
    return [team.name, thousands(runs), thousands(tasks), percent(team.hits), thousands(hits), thousands(stores)]
  })
  const head = ['team', 'CI runs a day', 'tasks a run', 'hits', 'restored a month', 'stored a month']
  const developers = `${developerRuns} runs a day, which ask for ${percent(developerShare)} of the tasks and store nothing`
  return `${table(head, rows)}\n\n${days} working days a month. Each developer adds ${developers}.`
}

function dollars() {
  const rows = figures.teams.map(team => [
    team.name,
    money(without(ours(figures, team, s3), 'transfer')),
    money(ours(figures, team, s3)),
    money(ours(figures, team, r2)),
    money(without(plainObjects(figures, team, s3), 'transfer')),
    money(server(figures, team)),
  ])
  const head = [
    'dollars a month',
    'S3, runners in its region',
    'S3, runners elsewhere',
    'Cloudflare R2',
    '`@nx-aws-plugin/nx-aws-cache` on S3, in its region',
    'a server of your own',
  ]
  return table(head, rows)
}

function artifacts() {
  const { small, typical, shareOfTypical } = figures.measured
  const { stored } = artifact(figures.measured, 'ours')
  const row = (name, { stored, ours }) => [name, size(stored), ours.put, ours.head, ours.get]
  const rows = [row('*small*', small), row('*typical*', typical)]
  const head = ['artifact', 'stored', 'PUT to store', 'HEAD to store', 'GET to restore']
  const share = `${percent(shareOfTypical)} of the artifacts are *typical*, the others *small*: ${size(stored)} on average.`
  return `${table(head, rows)}\n\n${share}`
}

function rules() {
  const rows = figures.teams.map(team => {
    const { storage } = ours(figures, team, s3)
    return [team.name, money({ storage }), money({ storage: storage * 12 }), money({ storage: storage * 36 })]
  })
  return table(['storage, dollars a month', 'expiry after 30 days', 'no rule, after a year', 'after three years'], rows)
}

function touching() {
  const rows = [7, 14, 30].map(days => {
    const copies = 30 / days
    return [`\`"${days}d"\``, copies.toFixed(1), size(copies * bytesForAPut(s3)), money({ put: 1e6 * copies * s3.put })]
  })
  const head = [
    '`touchAfter`',
    'copies a month',
    'cost as much as keeping',
    'dollars a month for a million objects in use',
  ]
  return table(head, rows)
}

function without(costs, name) {
  return { ...costs, [name]: 0 }
}

function money(costs) {
  const sum = Object.values(costs).reduce((total, cost) => total + cost, 0)
  return sum < 0.01 ? '< 0.01' : sum < 100 ? sum.toFixed(2) : thousands(Math.round(sum))
}

function size(bytes) {
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}

function percent(share) {
  return `${Math.round(share * 100)} %`
}

function thousands(number) {
  return Math.round(number).toLocaleString('en')
}

function table([first, ...others], rows) {
  const line = cells => `| ${cells.join(' | ')} |`
  return [line([first, ...others]), line(['---', ...others.map(() => '---:')]), ...rows.map(line)].join('\n')
}
