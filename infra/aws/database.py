"""The catalogue's server, and the migrations that run on every deployment before anything else."""

from __future__ import annotations

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack, triggers
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_rds as rds
from constructs import Construct

from infra.aws.catalogue import DATABASE, Catalogue, Elsewhere, OnRds
from infra.aws.environment import MODELS
from infra.aws.function import Function, Outline, Place, Surroundings
from infra.aws.network import POSTGRES
from infra.aws.settings import Database
from infra.topology import MIGRATE

# The newest of 16, whose pgvector is 0.8 or newer. RDS goes on to newer ones by itself.
_ENGINE = rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_16)
_OWNER = "mammothbox"


class NoDatabase(ValueError):
    """Neither is a database to be built nor an address told."""


class DatabaseStack(Stack):
    """RDS, or the address of what is there instead, and the function that migrates it.

    `catalogue` is how others reach it.
    """

    def __init__(self, scope: Construct, name: str, *, around: Surroundings) -> None:
        super().__init__(scope, name)
        settings, told = around.settings, around.told
        self.instance: rds.DatabaseInstance | None = None
        if settings.database is not None and around.place is not None:
            self.instance = self._instance(settings.database, around.place)
            self.catalogue: Catalogue = OnRds(self.instance)
            owner = self._owner_of(self.instance)
        elif told.database_url is not None:
            elsewhere = Elsewhere(told.database_url)
            self.catalogue = elsewhere
            owner = ({"DATABASE_URL": elsewhere.url(told.owner_role)}, [])
        else:
            raise NoDatabase("this context builds no database: name one with -c database_url=…")
        environment, statements = owner
        self.migrate = Function(
            self,
            "Migrate",
            around=around,
            outline=Outline(
                name=MIGRATE.name,
                handler=MIGRATE.handler,
                timeout_s=MIGRATE.timeout_s,
                memory_mb=MIGRATE.memory_mb,
                with_catalogue=True,
                at_once=1,
                has_alias=False,
            ),
            environment={**environment, "MODELS_FOLDER": MODELS},
            statements=statements,
        )
        # Asked by hand, it makes the first API key.
        CfnOutput(self, "MigrateFunction", value=self.migrate.function.function_name)
        if settings.custom_resources:
            self._migrate_now()

    def _instance(self, wanted: Database, place: Place) -> rds.DatabaseInstance:
        guard = ec2.SecurityGroup(
            self, "Guard", vpc=place.vpc, description="The catalogue", allow_all_outbound=False
        )
        guard.add_ingress_rule(place.guard, ec2.Port.tcp(POSTGRES), "The functions")
        parameters = rds.ParameterGroup(
            self,
            "Parameters",
            engine=_ENGINE,
            description="MammothBox",
            parameters={
                "max_connections": str(wanted.max_connections),
                "rds.force_ssl": "1",
                # Environments that Lambda put to sleep keep theirs, those of the version before
                # among them; they open another when woken. See `catalog/connection.py`.
                "idle_session_timeout": "60000",
                "idle_in_transaction_session_timeout": "60000",
                # Slow statements are on record, without their values.
                "log_min_duration_statement": "1000",
                "log_parameter_max_length": "0",
                "log_parameter_max_length_on_error": "0",
            },
        )
        return rds.DatabaseInstance(
            self,
            "Instance",
            engine=_ENGINE,
            instance_type=ec2.InstanceType(wanted.instance),
            vpc=place.vpc,
            vpc_subnets=place.subnets,
            security_groups=[guard],
            database_name=DATABASE,
            credentials=rds.Credentials.from_generated_secret(_OWNER),
            parameter_group=parameters,
            iam_authentication=True,
            storage_encrypted=True,
            storage_type=rds.StorageType.GP3,
            allocated_storage=wanted.storage_gb,
            max_allocated_storage=wanted.most_storage_gb,
            multi_az=wanted.multi_az,
            backup_retention=Duration.days(wanted.backup_days),
            copy_tags_to_snapshot=True,
            delete_automated_backups=not wanted.keep,
            deletion_protection=wanted.keep,
            removal_policy=RemovalPolicy.SNAPSHOT if wanted.keep else RemovalPolicy.DESTROY,
            auto_minor_version_upgrade=True,
            cloudwatch_logs_exports=["postgresql"],
            ca_certificate=rds.CaCertificate.RDS_CA_RSA2048_G1,
            publicly_accessible=False,
        )

    def _owner_of(
        self, instance: rds.DatabaseInstance
    ) -> tuple[dict[str, str], list[iam.PolicyStatement]]:
        secret = instance.secret
        assert secret is not None  # noqa: S101 - it was generated above
        told = {
            "DATABASE_URL": OnRds(instance).url(_OWNER),
            "DATABASE_SECRET": secret.secret_arn,
        }
        reads = iam.PolicyStatement(
            actions=["secretsmanager:GetSecretValue"], resources=[secret.secret_arn]
        )
        # By the secret, or where RDS takes no password of a role that is in `rds_iam`, by token.
        return told, [reads, *OnRds(instance).lets_in(self, _OWNER)]

    def _migrate_now(self) -> None:
        """Whenever its code or what it is told is new; a failure stops the deployment."""
        trigger = triggers.Trigger(
            self,
            "Now",
            handler=self.migrate.function,
            timeout=Duration.seconds(MIGRATE.timeout_s),
            invocation_type=triggers.InvocationType.REQUEST_RESPONSE,
        )
        if self.instance is not None:
            trigger.execute_after(self.instance)
        trigger.execute_after(self.migrate.role)
