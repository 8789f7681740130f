/** The host whose events come through the API. It has no agent. */
export const outside = { id: 'e0000000000000a1', hostname: 'api', os: 'external' } as const;

/** What stands where others are connected or away. */
export const outsideWords = 'through the API';
