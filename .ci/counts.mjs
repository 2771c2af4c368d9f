// Usage: node .ci/counts.mjs REPORT NAME. Prints "PASSED FAILED" from a report of vitest, then a line with the reason
// for each failed test. A run that broke without a failing test, or left no report, counts as one failure.
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
if (!report.success && failures.length === 0) failures.push('the run broke without naming a test')
console.log(report.numPassedTests, failures.length)
for (const failure of failures) console.log(`FAILED  ${name}: ${failure.replace(`${process.cwd()}/`, '')}`)
