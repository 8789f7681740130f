import { useCaller } from '../session/caller.ts';
import { Visible } from '../text/visible.tsx';
import { PasswordChange } from './password-change.tsx';
import { SecondFactor } from './second-factor.tsx';
import { Section } from './section.tsx';
import { SessionList } from './session-list.tsx';
import { TokenList } from './token-list.tsx';

/** Of whoever is signed in. */
export function Account() {
  const { name, role, permissions, user } = useCaller();
  return (
    <>
      <Section title="You">
        <p className="pad-x account-words">
          Signed in as{' '}
          <strong>
            <Visible text={user?.displayName || name} />
          </strong>
          , role {role}: may {permissions.join(', ')}.
        </p>
      </Section>
      {user === null ? (
        <Section title="Password and second factor">
          <p className="muted pad-x account-words">
            You signed in with something that belongs to no user, so there is nothing to set here. Add a user
            for yourself.
          </p>
        </Section>
      ) : (
        <>
          <Section
            title="Password"
            {...(!user.hasPassword && {
              about: 'You have none yet, and came in by a link. Set one to sign in by yourself.',
            })}
          >
            <div className="pad">
              <PasswordChange />
            </div>
          </Section>
          <Section title="Second factor">
            <div className="pad">
              <SecondFactor />
            </div>
          </Section>
        </>
      )}
      <SessionList />
      {user !== null && <TokenList />}
    </>
  );
}
