// Figures as people read them: three digits, a unit.

export function milliseconds(value) {
  if (value === undefined) return '–'
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} s`
  if (value >= 1000) return `${(value / 1000).toFixed(2)} s`
  return value >= 100 ? `${Math.round(value)} ms` : `${value.toFixed(1)} ms`
}

export function megabytes(value) {
  if (value === undefined || value === null) return '–'
  return `${Math.round(value)} MB`
}

export function bytes(value) {
  if (value >= 1e8) return `${Math.round(value / 1e6)} MB`
  return `${(value / 1e6).toFixed(1)} MB`
}

export function times(value) {
  return `${value.toFixed(value >= 10 ? 1 : 2)} ×`
}

export function percent(value) {
  return `${(value * 100).toFixed(Math.abs(value) < 0.1 ? 1 : 0)} %`
}

export function count(value) {
  return value.toLocaleString('en')
}
