/** One file of rules as it is to be; as POST /rules/bundles/edit takes it. Without tests those there are stay. */
export interface RuleEditJson {
  readonly text: string;
  readonly tests?: string;
}
