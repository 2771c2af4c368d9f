const text = { type: 'string', minLength: 1 }

/** Written by hand, like its reader (shared/cloud-event.ts): both accept every attribute of CloudEvents 1.0. */
export const cloudEvent = {
  description:
    'A CloudEvent 1.0: type becomes the action, subject (or else source) the userId, time the timestamp, and everything ' +
    'else metadata',
  type: 'object',
  required: ['specversion', 'id', 'source', 'type'],
  properties: {
    specversion: { const: '1.0' },
    id: { type: 'string', pattern: '^[!-~]{1,128}$' },
    source: text,
    type: { ...text, maxLength: 256 },
    subject: { ...text, maxLength: 256 },
    time: { type: 'string', format: 'date-time' },
    datacontenttype: { type: 'string' },
    data: {},
    data_base64: { type: 'string', contentEncoding: 'base64' },
  },
  patternProperties: { '^[a-z0-9]+$': {} },
  additionalProperties: false,
  examples: [
    {
      specversion: '1.0',
      id: 'order-981-paid',
      source: '/shop',
      type: 'order.paid',
      subject: 'user_123',
      time: '2024-01-15T10:00:00Z',
      data: { total: 12.5 },
    },
  ],
}
