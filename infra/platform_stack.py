"""What all models of a stage share: key, records of releases, topic that alarms go to, alarm on the account's limit."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.alarms import AlarmTopic, alarm
from infra.config import Stage
from infra.stage_stack import StageStack


class PlatformStack(StageStack):
    """Deployed first, removed last."""

    def __init__(self, scope: Construct, *, stage: Stage) -> None:
        super().__init__(scope, "Platform", stage=stage, description="Serin: what all models share")
        self.key = _key(self, stage)
        self.releases = _releases(self, stage, self.key)
        topic = self.topic = sns.Topic(self, "Alarms", master_key=self.key, enforce_ssl=True)
        # A policy of one's own, as TLS demands, replaces the one by which alarms may publish.
        topic.grant_publish(_alarms_of_account())
        for email in stage.alarms.emails:
            topic.add_subscription(subscriptions.EmailSubscription(email))
        self.alarm_topic = AlarmTopic(topic)
        _account_concurrency(self, stage, self.alarm_topic)
        self.output("AlarmTopicArn", topic.topic_arn, "Every alarm and every release is published here")


def _key(scope: Construct, stage: Stage) -> kms.Key:
    key = kms.Key(
        scope,
        "Key",
        description=f"Serin {stage.name}: logs and alarm messages",
        enable_key_rotation=True,
        removal_policy=cdk.RemovalPolicy.RETAIN if stage.keep_key else cdk.RemovalPolicy.DESTROY,
        pending_window=cdk.Duration.days(30 if stage.keep_key else 7),
    )
    logs_arn = cdk.Stack.of(scope).format_arn(
        service="logs", resource="log-group", resource_name="*", arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME
    )
    # CloudWatch Logs names the group it encrypts for; see "Encrypt log data in CloudWatch Logs using AWS KMS".
    key.grant_encrypt_decrypt(
        iam.ServicePrincipal(
            f"logs.{cdk.Aws.REGION}.amazonaws.com",
            conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": logs_arn}},
        )
    )
    # See "Encrypting messages published to Amazon SNS with AWS KMS": an alarm needs no more than these.
    key.grant(_alarms_of_account(), "kms:Decrypt", "kms:GenerateDataKey*")
    return key


def _releases(scope: Construct, stage: Stage, key: kms.IKey) -> dynamodb.Table:
    """One item a release: by model, and by number within a model."""
    return dynamodb.Table(
        scope,
        "Releases",
        partition_key=dynamodb.Attribute(name="model", type=dynamodb.AttributeType.STRING),
        sort_key=dynamodb.Attribute(name="number", type=dynamodb.AttributeType.NUMBER),
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
        encryption_key=key,
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        deletion_protection=stage.termination_protection,
        removal_policy=cdk.RemovalPolicy.RETAIN if stage.keep_key else cdk.RemovalPolicy.DESTROY,
    )


def _alarms_of_account() -> iam.ServicePrincipal:
    return iam.ServicePrincipal(
        "cloudwatch.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}}
    )


def _account_concurrency(scope: Construct, stage: Stage, topic: AlarmTopic) -> None:
    """Functions without a reservation share the account's limit; past it they throttle one another."""
    share = stage.alarms.concurrency_share
    alarm(
        scope,
        "AccountConcurrencyAlarm",
        metric=cloudwatch.Metric(
            namespace="AWS/Lambda",
            metric_name="ClaimedAccountConcurrency",
            statistic=cloudwatch.Stats.MAXIMUM,
            period=cdk.Duration.minutes(1),
        ),
        above=share * stage.alarms.account_concurrency,
        description=f"Lambda uses over {share:.0%} of the account's concurrency; ask AWS for a higher quota.",
        topic=topic,
    )
