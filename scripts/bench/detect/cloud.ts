/** Audit records of a cloud account, in CloudTrail's words. */
import { openSchema } from '#shared/sigma/index.ts';
import type { Source } from './lanes.ts';
import { fill, Mix } from './templates.ts';

const calls = new Mix<readonly [source: string, name: string, identity: string]>(
  [
    ['sts.amazonaws.com', 'AssumeRole', 'AWSService'],
    ['s3.amazonaws.com', 'GetObject', 'AssumedRole'],
    ['kms.amazonaws.com', 'Decrypt', 'AssumedRole'],
    ['ec2.amazonaws.com', 'DescribeInstances', 'AssumedRole'],
    ['logs.amazonaws.com', 'CreateLogStream', 'AssumedRole'],
    ['monitoring.amazonaws.com', 'PutMetricData', 'IAMUser'],
    ['lambda.amazonaws.com', 'Invoke', 'AssumedRole'],
    ['iam.amazonaws.com', 'GetRole', 'IAMUser'],
    ['ssm.amazonaws.com', 'GetParameter', 'AssumedRole'],
    ['ecs.amazonaws.com', 'RunTask', 'IAMUser'],
  ],
  [
    ['signin.amazonaws.com', 'ConsoleLogin', 'Root'],
    ['iam.amazonaws.com', 'CreateAccessKey', 'IAMUser'],
    ['cloudtrail.amazonaws.com', 'StopLogging', 'IAMUser'],
    ['ec2.amazonaws.com', 'AuthorizeSecurityGroupIngress', 'AssumedRole'],
  ],
);

export const cloudAudit: readonly Source[] = [
  {
    share: 1,
    type: 'cloudtrail',
    schema: openSchema({ product: 'aws', service: 'cloudtrail' }),
    logsource: { product: 'aws', service: 'cloudtrail' },
    make: (random) => {
      const [eventSource, eventName, identity] = calls.pick(random);
      return {
        eventSource,
        eventName,
        eventVersion: '1.09',
        awsRegion: random() < 0.8 ? 'eu-central-1' : 'us-east-1',
        sourceIPAddress: random() < 0.5 ? eventSource : fill('{ip}', random),
        userAgent: fill('aws-sdk-go/1.44.{n} (go1.19; linux; amd64)', random),
        'userIdentity.type': identity,
        'userIdentity.arn': fill('arn:aws:sts::{pid}:assumed-role/{word}-{n}/{user}', random),
        'userIdentity.accountId': fill('{pid}{pid}', random),
        'requestParameters.roleName': fill('{word}-{n}', random),
        'requestParameters.bucketName': fill('{word}-{hex}', random),
        'responseElements.ConsoleLogin': random() < 0.02 ? 'Success' : undefined,
        errorCode: random() < 0.05 ? 'AccessDenied' : undefined,
        eventID: fill('{guid}', random),
        requestID: fill('{guid}', random),
      };
    },
  },
];
