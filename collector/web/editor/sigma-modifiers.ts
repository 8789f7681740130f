/** Names of the modifiers rules may use, as shared/sigma/modifiers has them: what they do does not run in browsers. */
export const modifierNames: readonly string[] =
  'all cased neq contains startswith endswith exists expand fieldref re i m s cidr lt lte gt gte minute hour day week month year base64 base64offset utf16le utf16be utf16 wide windash'.split(
    ' ',
  );
