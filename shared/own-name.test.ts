import { expect, test } from 'vitest'
import { isOwn, mayPassForOwn } from './own-name.ts'

test.each([
  'activity-log.sign-in',
  'ACTIVITY-LOG.x',
  'activity-log.',
  'activity-Iog.x',
  'activity-1og.x',
  '\u200bactivity-log.x',
  '\u0001activity-log.x',
  'activity\u00ad-log.x',
  'act\u2060ivity-log.x',
  '\u034factivity-log.x',
  '\u{e0041}activity-log.x',
  `${'\u200b'.repeat(200)}activity-log.x`,
  'ａctivity-log.x',
  'ⓐctivity-log.x',
  '𝐚ctivity-log.x',
  'áctivity-log.x',
  'activity\u2010log.x',
  'activity\u2011log.x',
  'activity\u2014log.x',
  'activity\u2212log.x',
  'аctivity-log.x',
  'activitу-log.x',
  'act\u0131vity-log.x',
  'act\u0130vity-log.x',
  'activity-log\u2024x',
  'activity-log．x',
])('a reader might take %j for a name of the log', (name) => {
  expect(mayPassForOwn(name)).toBe(true)
  expect(isOwn(name)).toBe(/^activity-log\./.test(name))
})

test.each([
  'login',
  'a',
  '',
  'activity',
  'activity-log',
  'activity_log.created',
  'activity.log.x',
  'activity-logs.read',
  'my.activity-log.x',
  'деятельность-log.x',
  'активность',
  'アクティビティ',
  '👍',
])('nobody takes %j for one', (name) => expect(mayPassForOwn(name)).toBe(false))
