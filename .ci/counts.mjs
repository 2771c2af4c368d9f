// node .ci/counts.mjs REPORT NAME: of a report of vitest's, "PASSED FAILED", then a line for each test that failed and why.
// A run that broke without a failing test, or left no report, counts as one that failed.
import { readFileSync } from 'node:fs'

const [file, name] = process.argv.slice(2)
const read = () => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return { success: false, numPassedTests: 0, numFailedTests: 0, testResults: [] }
  }
}
const report = read()
const reason = (messages) => (messages ?? []).join(' ').split('\n', 1)[0].slice(0, 300)
const failures = report.testResults.flatMap((suite) => {
  const tests = suite.assertionResults.filter(({ status }) => status === 'failed')
  if (suite.status === 'failed' && tests.length === 0) return [`${suite.name}: ${reason([suite.message])}`]
  return tests.map((test) => `${suite.name} > ${test.fullName}: ${reason(test.failureMessages)}`)
})
if (!report.success && failures.length === 0) failures.push('broke without saying which test')
console.log(report.numPassedTests, failures.length)
for (const failure of failures) console.log(`FAILED  ${name}: ${failure.replace(`${process.cwd()}/`, '')}`)
