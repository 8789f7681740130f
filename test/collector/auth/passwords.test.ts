import { hash } from '@node-rs/argon2';
import t from 'tap';
import { PasswordHasher } from '../../../collector/auth/password-hasher.ts';
import { passwordFault } from '../../../collector/auth/password-rules.ts';

t.test('a password is long, and none of those everybody tries', (t) => {
  const name = 'ada.lovelace';
  const taken = [
    'four words at random',
    'kein Wort hier gilt',
    'ζωή μου σας αγαπώ πολύ',
    '🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔🐧',
    'x9$kQ2!mZ7@p',
    'password for the lighthouse',
    `${'a'.repeat(64)} and more of it, spoken aloud`,
  ];
  for (const password of taken) t.equal(passwordFault(password, name), undefined, password);
  const refused = [
    '',
    'short',
    'elevenchars',
    'x9$k'.repeat(33),
    'ada.lovelace',
    'ADA.LOVELACE',
    '1ada.lovelace2',
    'aaaaaaaaaaaa',
    'abcabcabcabc',
    'xyzzyxyzzyxyzzy',
    'abcdefghijkl',
    'lkjihgfedcba',
    '123456789012',
    '098765432109',
    'qwertyuiop123456',
    'asdfghjklzxcvbnm',
    'Password1234!',
    'P@ssw0rd2024!!',
    'passwordpassword',
    'Welcome12345',
    'adminadmin123',
    'ChangeMe!2026',
    'Summer2026!!!!',
    'vedette-vedette',
    'letmeinplease',
    'correcthorsebatterystaple',
    '1qaz2wsx3edc',
  ];
  for (const password of refused) t.type(passwordFault(password, name), 'string', password);
  t.end();
});

t.test('hashes are Argon2id of today, and verify whatever composes the characters', async (t) => {
  const hasher = new PasswordHasher();
  const kept = await hasher.hash('Ångström und Öl am Meer');
  t.match(kept, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  t.equal(await hasher.verify(kept, 'A\u030angstro\u0308m und O\u0308l am Meer'), true);
  t.equal(await hasher.verify(kept, 'Angstrom und Ol am Meer'), false);
  t.equal(await hasher.verify(null, 'of nobody'), false, 'nobody has no password, not even this one');
  t.equal(hasher.isStale(kept), false);
  t.equal(hasher.isStale(await hash('x', { memoryCost: 8192, timeCost: 2 })), true);
});

t.test('a flood of hashes waits in a bounded line, and what is beyond it is shed and counted', async (t) => {
  const hasher = new PasswordHasher();
  const tries = await Promise.allSettled(Array.from({ length: 50 }, () => hasher.verify(null, 'guess')));
  const shed = tries.filter((one) => one.status === 'rejected');
  t.equal(shed.length, 50 - 2 - 32);
  t.equal(hasher.counters.shed, shed.length);
  t.match(shed[0], { reason: { code: 'api.too_many_requests', retryAfterS: 2 } });
  t.equal(await hasher.verify(null, 'guess'), false, 'afterwards there is room again');
});
