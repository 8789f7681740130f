/** Longest statement of a person, in UTF-16 units. */
export const maxSqlLength = 48 * 1024;
