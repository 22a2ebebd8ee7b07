// Reads the API's OpenAPI document with two validators that share no code: the schema of the specification (Seriousme),
// and Redocly's rules for what the schema cannot say. The backend's tests have a third.
// Usage: npm run openapi
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { Validator } from '@seriousme/openapi-schema-validator'
import { apiDocument } from './api-document.mjs'

const RULES = {
  // The client's own licence is in the README; an operator's document names no address of theirs.
  'info-license': 'off',
  'info-license-url': 'off',
  // /healthz takes nothing that could be wrong.
  'operation-4xx-response': 'off',
  // `preview` is no number, and ids are.
  'no-ambiguous-paths': 'off',
}
const text = JSON.stringify(apiDocument())
const complaints = []

const { valid, errors } = await new Validator().validate(JSON.parse(text))
if (!valid) complaints.push(...[errors].flat().map((error) => `schema: ${JSON.stringify(error)}`))

const config = await createConfig({ extends: ['recommended'], rules: RULES })
for (const problem of await lintFromString({ source: text, config })) {
  const where = problem.location.map(({ pointer }) => pointer).join(', ')
  complaints.push(`${problem.severity} ${problem.ruleId}: ${problem.message} (${where})`)
}

for (const complaint of complaints) console.error(complaint)
if (complaints.length) process.exitCode = 1
else console.log('The OpenAPI document is sound.')
