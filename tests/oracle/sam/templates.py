"""Serverless templates that cover what the transform makes: name and template, as a mapping."""

import json
import os

import samtranslator

CODE = {"CodeUri": "s3://code/app.zip", "Handler": "app.handler", "Runtime": "python3.12"}


def function(**properties):
    return {"Type": "AWS::Serverless::Function", "Properties": {**CODE, **properties}}


def with_condition(resource, name="On"):
    return {**resource, "Condition": name}


def api(kind="Api", **properties):
    stage = {"StageName": "live"} if kind == "Api" else {}
    return {"Type": f"AWS::Serverless::{kind}", "Properties": {**stage, **properties}}


def event(kind, **properties):
    return {"Type": kind, "Properties": properties}


def template(resources, **sections):
    return {"Transform": "AWS::Serverless-2016-10-31", **sections, "Resources": resources}


ON = {"Conditions": {"On": {"Fn::Equals": [{"Ref": "Env"}, "prod"]}}, "Parameters": {"Env": {"Type": "String", "Default": "prod"}}}
Q = {"Type": "AWS::SQS::Queue"}
T = {"Type": "AWS::SNS::Topic"}
B = {"Type": "AWS::S3::Bucket"}
POOL = {"Type": "AWS::Cognito::UserPool"}
TABLE = {"Type": "AWS::DynamoDB::Table", "Properties": {"KeySchema": []}}


def arn(name):
    return {"Fn::GetAtt": [name, "Arn"]}


def policy_template_values():
    path = os.path.join(os.path.dirname(samtranslator.__file__), "policy_templates_data", "policy_templates.json")
    with open(path) as file:
        templates = json.load(file)["Templates"]
    for name, written in sorted(templates.items()):
        values = {parameter: f"my-{parameter.lower()}" for parameter in written["Parameters"]}
        yield name, values


def policies():
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
    short = {"Statement": [{"Effect": "Deny", "Action": ["iam:*"], "Resource": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*"}}]}
    forms = {
        "name": "AmazonS3ReadOnlyAccess",
        "path_name": "AWSLambdaRole",
        "unknown_name": "NoSuchPolicyOfAws",
        "arn": "arn:aws:iam::123456789012:policy/own",
        "names": ["AdministratorAccess", "ReadOnlyAccess", "AdministratorAccess"],
        "document": document,
        "documents": [document, short],
        "reference": {"Ref": "Managed"},
        "import": {"Fn::ImportValue": "policy"},
        "mixed": ["ReadOnlyAccess", short, {"S3ReadPolicy": {"BucketName": "b"}}, {"Ref": "Managed"}],
        "template": {"DynamoDBCrudPolicy": {"TableName": {"Ref": "Table"}}},
        "condition": [{"Fn::If": ["On", "ReadOnlyAccess", "AdministratorAccess"]}],
        "condition_nothing": [{"Fn::If": ["On", document, {"Ref": "AWS::NoValue"}]}],
        "condition_template": [{"Fn::If": ["On", {"S3CrudPolicy": {"BucketName": "b"}}, {"Ref": "AWS::NoValue"}]}],
        "empty": [],
    }
    managed = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}
    for name, written in forms.items():
        resources = {"F": function(Policies=written), "Managed": managed, "Table": TABLE}
        yield f"policies_{name}", template(resources, **ON)
        machine = {"Type": "AWS::Serverless::StateMachine", "Properties": {"Definition": {"StartAt": "A"}, "Policies": written if isinstance(written, list) else [written]}}
        yield f"machine_policies_{name}", template({"M": machine, "Managed": managed, "Table": TABLE}, **ON)
    all_templates = list(policy_template_values())
    for start in range(0, len(all_templates), 10):
        part = all_templates[start : start + 10]
        yield f"policy_templates_{start:03}", template({"F": function(Policies=[{name: values} for name, values in part])})


FUNCTION_PROPERTIES = {
    "plain": {},
    "name": {"FunctionName": {"Fn::Sub": "${AWS::StackName}-f"}},
    "role": {"Role": "arn:aws:iam::123456789012:role/r", "Policies": "AdministratorAccess"},
    "role_attribute": {"Role": arn("R")},
    "role_condition_own": {"Role": {"Fn::If": ["On", {"Ref": "AWS::NoValue"}, arn("R")]}},
    "role_condition_other": {"Role": {"Fn::If": ["On", arn("R"), {"Ref": "AWS::NoValue"}]}},
    "role_condition_both": {"Role": {"Fn::If": ["On", arn("R"), "arn:aws:iam::123456789012:role/r"]}},
    "boundary": {"PermissionsBoundary": "arn:aws:iam::aws:policy/PowerUserAccess", "RolePath": "/a/"},
    "trust": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": ["edgelambda.amazonaws.com"]}, "Action": "sts:AssumeRole"}]}},
    "network": {"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": {"Ref": "Groups"}}},
    "tracing": {"Tracing": "Active"},
    "tracing_passing": {"Tracing": "PassThrough"},
    "tracing_off": {"Tracing": "Disabled"},
    "tracing_parameter": {"Tracing": {"Ref": "Mode"}},
    "dead_letters_queue": {"DeadLetterQueue": {"Type": "SQS", "TargetArn": arn("Q")}},
    "dead_letters_topic": {"DeadLetterQueue": {"Type": "SNS", "TargetArn": {"Ref": "T"}}},
    "environment": {"Environment": {"Variables": {"A": "b", "T": {"Ref": "T"}}}, "MemorySize": 512, "Timeout": 9},
    "layers": {"Layers": [{"Ref": "L"}, "arn:aws:lambda:us-east-1:123456789012:layer:x:1"]},
    "tags": {"Tags": {"a": "b", "c": {"Ref": "Mode"}}},
    "tags_passed": {"Tags": {"a": "b"}, "PropagateTags": True, "DeadLetterQueue": {"Type": "SQS", "TargetArn": arn("Q")}},
    "storage": {"EphemeralStorage": {"Size": 1024}, "Architectures": ["arm64"], "KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/k"},
    "invoke": {"EventInvokeConfig": {"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 60}},
    "invoke_own": {"EventInvokeConfig": {"DestinationConfig": {"OnSuccess": {"Type": "SQS"}, "OnFailure": {"Type": "SNS"}}}},
    "invoke_given": {"EventInvokeConfig": {"DestinationConfig": {"OnSuccess": {"Type": "EventBridge", "Destination": "arn:aws:events:us-east-1:123456789012:event-bus/b"}, "OnFailure": {"Type": "Lambda", "Destination": "arn:aws:lambda:us-east-1:123456789012:function:g"}}}},
    "invoke_bucket": {"EventInvokeConfig": {"DestinationConfig": {"OnFailure": {"Type": "S3Bucket", "Destination": arn("B")}}}},
    "invoke_condition": {"EventInvokeConfig": {"DestinationConfig": {"OnSuccess": {"Type": "SQS", "Destination": {"Fn::If": ["On", {"Ref": "AWS::NoValue"}, arn("Q")]}}}}},
    "invoke_condition_not": {"EventInvokeConfig": {"DestinationConfig": {"OnSuccess": {"Type": "SNS", "Destination": {"Fn::If": ["On", {"Ref": "T"}, {"Ref": "AWS::NoValue"}]}}}}},
    "alias": {"AutoPublishAlias": "live"},
    "alias_marks": {"AutoPublishAlias": "live_a-b", "VersionDescription": "first"},
    "alias_parameter": {"AutoPublishAlias": {"Ref": "Mode"}, "CodeUri": {"Bucket": {"Ref": "Mode"}, "Key": {"Fn::Sub": "${Mode}/app.zip"}, "Version": "7"}},
    "alias_digest": {"AutoPublishAlias": "live", "AutoPublishCodeSha256": "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"},
    "alias_described": {"AutoPublishAlias": "live", "AutoPublishCodeSha256": "6b86b273ff34fce1", "Description": "mine"},
    "alias_all": {"AutoPublishAlias": "live", "AutoPublishAliasAllProperties": True, "MemorySize": 256, "Environment": {"Variables": {"A": {"Ref": "T"}}}},
    "alias_environment": {"AutoPublishAlias": "live", "Environment": {"Variables": {"A": "é"}}, "MemorySize": 256},
    "alias_provisioned": {"AutoPublishAlias": "live", "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 2}},
    "alias_snapshot": {"AutoPublishAlias": "live", "SnapStart": {"ApplyOn": "PublishedVersions"}},
    "alias_layers": {"AutoPublishAlias": "live", "AutoPublishAliasAllProperties": True, "Layers": [{"Ref": "L"}]},
    "alias_url": {"AutoPublishAlias": "live", "FunctionUrlConfig": {"AuthType": "AWS_IAM"}},
    "url_open": {"FunctionUrlConfig": {"AuthType": "NONE", "Cors": {"AllowOrigins": ["*"]}, "InvokeMode": "RESPONSE_STREAM"}},
    "url_parameter": {"FunctionUrlConfig": {"AuthType": {"Ref": "Auth"}}},
    "deploy": {"AutoPublishAlias": "live", "DeploymentPreference": {"Type": "Canary10Percent5Minutes"}},
    "deploy_full": {"AutoPublishAlias": "live", "DeploymentPreference": {"Type": "AllAtOnce", "Alarms": [{"Ref": "Alarm"}], "Hooks": {"PreTraffic": {"Ref": "F"}}, "TriggerConfigurations": [{"TriggerEvents": ["DeploymentSuccess"], "TriggerTargetArn": {"Ref": "T"}, "TriggerName": "t"}]}},
    "deploy_role": {"AutoPublishAlias": "live", "DeploymentPreference": {"Type": "Linear10PercentEvery1Minute", "Role": "arn:aws:iam::123456789012:role/r"}},
    "deploy_off": {"AutoPublishAlias": "live", "DeploymentPreference": {"Type": "AllAtOnce", "Enabled": False}},
    "deploy_looked_up": {"AutoPublishAlias": "live", "DeploymentPreference": {"Type": {"Fn::FindInMap": ["Ways", "prod", "way"]}, "Enabled": {"Fn::FindInMap": ["Ways", "prod", "on"]}}},
    "deploy_alarms_condition": {"AutoPublishAlias": "live", "DeploymentPreference": {"Type": "Own", "Alarms": {"Fn::If": ["On", [{"Ref": "Alarm"}], []]}}},
    "image": {"PackageType": "Image", "ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/r:1", "ImageConfig": {"Command": ["a"]}, "CodeUri": None, "Handler": None, "Runtime": None},
    "inline": {"InlineCode": "x = 1", "CodeUri": None},
    "versioned_code": {"CodeUri": "s3://code/a/b.zip?versionId=3", "SourceKMSKeyArn": "arn:aws:kms:us-east-1:123456789012:key/k"},
    "logging": {"LoggingConfig": {"LogGroup": {"Ref": "Logs"}}, "RecursiveLoop": "Terminate", "RuntimeManagementConfig": {"UpdateRuntimeOn": "Auto"}},
    "concurrency": {"ReservedConcurrentExecutions": 3, "FileSystemConfigs": [{"Arn": "arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/a", "LocalMountPath": "/mnt/a"}]},
    "signing": {"CodeSigningConfigArn": "arn:aws:lambda:us-east-1:123456789012:code-signing-config:c", "Description": {"Fn::Sub": "for ${Mode}"}},
}


def functions():
    sections = {
        "Parameters": {"Env": {"Type": "String", "Default": "prod"}, "Mode": {"Type": "String", "Default": "Active"}, "Auth": {"Type": "String", "Default": "NONE"}, "Groups": {"Type": "CommaDelimitedList", "Default": "sg-1,sg-2"}},
        "Conditions": ON["Conditions"],
        "Mappings": {"Ways": {"prod": {"way": "AllAtOnce", "on": "true"}}},
    }
    beside = {
        "Q": Q,
        "T": T,
        "B": B,
        "R": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}},
        "L": {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "s3://code/layer.zip", "PublishLambdaVersion": True}},
        "Alarm": {"Type": "AWS::CloudWatch::Alarm"},
        "Logs": {"Type": "AWS::Logs::LogGroup"},
    }
    for name, properties in FUNCTION_PROPERTIES.items():
        made = function(**properties)
        made["Properties"] = {key: value for key, value in made["Properties"].items() if value is not None}
        yield f"function_{name}", template({"F": made, **beside}, **sections)
        if name in ("plain", "url_open", "alias", "invoke_own", "invoke_condition", "deploy", "dead_letters_queue"):
            yield f"conditional_function_{name}", template({"F": with_condition(made), **beside}, **sections)
    deployed = {"Type": "Canary10Percent5Minutes", "PassthroughCondition": True}
    two = {
        "F": with_condition(function(AutoPublishAlias="live", DeploymentPreference=deployed)),
        "G": with_condition(function(AutoPublishAlias="live", DeploymentPreference=deployed, Tags={"a": "b"}, PropagateTags=True), "Off"),
    }
    yield "conditional_deployments", template(two, Parameters=ON["Parameters"], Conditions={**ON["Conditions"], "Off": {"Fn::Not": [{"Condition": "On"}]}})


KAFKA = {"KafkaBootstrapServers": ["a:9092"], "Topics": ["t"]}
EVENTS = {
    "sqs": event("SQS", Queue=arn("Q"), BatchSize=5, FilterCriteria={"Filters": [{"Pattern": "{}"}]}, ScalingConfig={"MaximumConcurrency": 5}),
    "sqs_failure": event("SQS", Queue=arn("Q"), Enabled=False, KmsKeyArn="k"),
    "kinesis": event("Kinesis", Stream="arn:aws:kinesis:us-east-1:123456789012:stream/s", StartingPosition="LATEST", DestinationConfig={"OnFailure": {"Type": "SQS", "Destination": arn("Q")}}),
    "kinesis_topic": event("Kinesis", Stream="arn:aws:kinesis:us-east-1:123456789012:stream/s", StartingPosition="LATEST", DestinationConfig={"OnFailure": {"Type": "SNS", "Destination": {"Ref": "T"}}}),
    "dynamodb": event("DynamoDB", Stream={"Fn::GetAtt": ["Table", "StreamArn"]}, StartingPosition="TRIM_HORIZON", BisectBatchOnFunctionError=True, FunctionResponseTypes=["ReportBatchItemFailures"]),
    "msk": event("MSK", Stream="arn:aws:kafka:us-east-1:123456789012:cluster/c/u", StartingPosition="LATEST", Topics=["t"], ConsumerGroupId="g"),
    "msk_certificate": event("MSK", Stream="arn:aws:kafka:us-east-1:123456789012:cluster/c/u", StartingPosition="LATEST", Topics=["t"], SourceAccessConfigurations=[{"Type": "CLIENT_CERTIFICATE_TLS_AUTH", "URI": "arn:aws:secretsmanager:us-east-1:123456789012:secret:s"}]),
    "mq": event("MQ", Broker="arn:aws:mq:us-east-1:123456789012:broker:b:1", Queues=["q"], SourceAccessConfigurations=[{"Type": "BASIC_AUTH", "URI": "arn:aws:secretsmanager:us-east-1:123456789012:secret:s"}], SecretsManagerKmsKeyId="1234"),
    "mq_named": event("MQ", Broker="arn:aws:mq:us-east-1:123456789012:broker:b:1", Queues=["q"], DynamicPolicyName=True, SourceAccessConfigurations=[{"Type": "BASIC_AUTH", "URI": "s"}, {"Type": "VIRTUAL_HOST", "URI": "v"}]),
    "documentdb": event("DocumentDB", Cluster="arn:aws:rds:us-east-1:123456789012:cluster:c", DatabaseName="d", CollectionName="c", FullDocument="UpdateLookup", StartingPosition="LATEST", SourceAccessConfigurations=[{"Type": "BASIC_AUTH", "URI": "arn:aws:secretsmanager:us-east-1:123456789012:secret:s"}]),
    "kafka": event("SelfManagedKafka", **KAFKA, SourceAccessConfigurations=[{"Type": "SASL_SCRAM_512_AUTH", "URI": "arn:aws:secretsmanager:us-east-1:123456789012:secret:s"}], ConsumerGroupId="g"),
    "kafka_network": event("SelfManagedKafka", **KAFKA, SourceAccessConfigurations=[{"Type": "VPC_SUBNET", "URI": "subnet:subnet-1"}, {"Type": "VPC_SECURITY_GROUP", "URI": "security_group:sg-1"}]),
    "sns": event("SNS", Topic={"Ref": "T"}, FilterPolicy={"a": ["b"]}, FilterPolicyScope="MessageBody"),
    "sns_region": event("SNS", Topic="arn:aws:sns:eu-west-1:123456789012:t", Region="eu-west-1", RedrivePolicy={"deadLetterTargetArn": arn("Q")}),
    "sns_queue": event("SNS", Topic={"Ref": "T"}, SqsSubscription=True),
    "sns_given_queue": event("SNS", Topic={"Ref": "T"}, SqsSubscription={"QueueArn": arn("Q"), "QueueUrl": {"Ref": "Q"}, "QueuePolicyLogicalId": "Own", "BatchSize": 3}),
    "s3": event("S3", Bucket={"Ref": "B"}, Events="s3:ObjectCreated:*", Filter={"S3Key": {"Rules": [{"Name": "prefix", "Value": "a/"}]}}),
    "s3_several": event("S3", Bucket={"Ref": "B"}, Events=["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]),
    "schedule": event("Schedule", Schedule="rate(5 minutes)", Name="n", Description="d", Enabled=True, Input="{}"),
    "schedule_state": event("Schedule", Schedule="rate(5 minutes)", State="DISABLED", RetryPolicy={"MaximumRetryAttempts": 1}),
    "schedule_queue": event("Schedule", Schedule="rate(5 minutes)", DeadLetterConfig={"Type": "SQS", "QueueLogicalId": "Dead"}),
    "schedule_given_queue": event("Schedule", Schedule="rate(5 minutes)", DeadLetterConfig={"Arn": arn("Q")}),
    "schedule2": event("ScheduleV2", ScheduleExpression="rate(1 hour)", ScheduleExpressionTimezone="Europe/Zurich", GroupName="g"),
    "schedule2_full": event("ScheduleV2", ScheduleExpression="rate(1 hour)", FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5}, OmitName=True, State="ENABLED", DeadLetterConfig={"Type": "SQS"}, PermissionsBoundary="arn:aws:iam::aws:policy/PowerUserAccess", Input="{}"),
    "schedule2_role": event("ScheduleV2", ScheduleExpression="rate(1 hour)", RoleArn="arn:aws:iam::123456789012:role/r", Name="own"),
    "rule": event("EventBridgeRule", Pattern={"source": ["aws.ec2"]}, EventBusName="bus", RuleName="r", InputPath="$.a", Target={"Id": "t"}),
    "rule_queue": event("EventBridgeRule", Pattern={"source": ["aws.ec2"]}, DeadLetterConfig={"Type": "SQS"}, RetryPolicy={"MaximumEventAgeInSeconds": 60}, InputTransformer={"InputTemplate": "x"}),
    "watch": event("CloudWatchEvent", Pattern={"source": ["aws.ec2"]}, Input="{}", State="ENABLED"),
    "logs": event("CloudWatchLogs", LogGroupName={"Ref": "Logs"}, FilterPattern="x"),
    "cognito": event("Cognito", UserPool={"Ref": "Pool"}, Trigger="PreSignUp"),
    "cognito_several": event("Cognito", UserPool={"Ref": "Pool"}, Trigger=["PreSignUp", "PostConfirmation"]),
    "iot": event("IoTRule", Sql="SELECT * FROM 't'", AwsIotSqlVersion="2016-03-23"),
    "alexa": event("AlexaSkill"),
    "alexa_skill": event("AlexaSkill", SkillId="amzn1.ask.skill.1"),
    "api": event("Api", Path="/a/{id}", Method="get"),
    "api_any": event("Api", Path="/{proxy+}", Method="ANY"),
    "api_slash": event("Api", Path="/a/", Method="Post", TimeoutInMillis=3000),
    "http": event("HttpApi", Path="/a/{id}", Method="get", TimeoutInMillis=3000, PayloadFormatVersion="1.0"),
    "http_default": event("HttpApi"),
    "http_any": event("HttpApi", Path="/a", Method="ANY"),
    "http_settings": event("HttpApi", Path="/a", Method="get", RouteSettings={"ThrottlingBurstLimit": 5}),
}
BESIDE = {"Q": Q, "T": T, "B": B, "Pool": POOL, "Table": TABLE, "Logs": {"Type": "AWS::Logs::LogGroup"}}


def events():
    for name, one in EVENTS.items():
        yield f"event_{name}", template({"F": function(Events={"E": one}), **BESIDE})
        yield f"event_{name}_alias", template({"F": function(Events={"E": one}, AutoPublishAlias="live"), **BESIDE})
        yield f"event_{name}_conditional", template({"F": with_condition(function(Events={"E": one})), **BESIDE}, **ON)
    yield "event_all", template({"F": function(Events={f"E{index}": one for index, one in enumerate(EVENTS.values()) if one["Type"] not in ("Cognito", "Api", "HttpApi")}), **BESIDE})
    yield "event_tags", template({"F": function(Events={"A": EVENTS["sns_queue"], "B": EVENTS["iot"], "C": EVENTS["s3"], "D": EVENTS["api"]}, Tags={"a": "b"}, PropagateTags=True), **BESIDE})
    routes = {"One": event("Api", Path="/a", Method="get"), "Two": event("Api", Path="/a", Method="post"), "Three": event("Api", Path="/b/c", Method="any")}
    yield "event_several_routes", template({"F": function(Events=routes, FunctionName="named"), "G": function(Events={"X": event("Api", Path="/g", Method="delete")})})
    on_and_off = {"F": with_condition(function(Events={"A": routes["One"]})), "G": with_condition(function(Events={"B": routes["Two"]}), "Off")}
    yield "event_two_conditions", template(on_and_off, Parameters=ON["Parameters"], Conditions={**ON["Conditions"], "Off": {"Fn::Not": [{"Condition": "On"}]}})
    http = {"F": with_condition(function(Events={"A": event("HttpApi", Path="/a", Method="get")})), "G": function(Events={"B": event("HttpApi", Path="/b", Method="get"), "C": event("HttpApi")})}
    yield "event_http_condition", template(http, **ON)


TOKEN = {"FunctionArn": arn("F")}
REQUEST = {"FunctionArn": arn("F"), "FunctionPayloadType": "REQUEST", "Identity": {"Headers": ["A"], "QueryStrings": ["q"], "StageVariables": ["v"], "Context": ["c"], "ReauthorizeEvery": 0}}
USERS = {"UserPoolArn": arn("Pool"), "AuthorizationScopes": ["a/b"]}
AUTHS = {
    "token": {"DefaultAuthorizer": "Own", "Authorizers": {"Own": TOKEN}},
    "token_full": {"DefaultAuthorizer": "Own", "Authorizers": {"Own": {**TOKEN, "FunctionInvokeRole": "arn:aws:iam::123456789012:role/r", "Identity": {"Header": "X", "ValidationExpression": "x", "ReauthorizeEvery": 20}, "DisableFunctionDefaultPermissions": True}}},
    "request": {"DefaultAuthorizer": "Own", "Authorizers": {"Own": REQUEST}},
    "users": {"DefaultAuthorizer": "Users", "Authorizers": {"Users": USERS, "Other": {"UserPoolArn": ["p", "q"], "Identity": {"Header": "H", "ValidationExpression": "e"}}}},
    "iam": {"DefaultAuthorizer": "AWS_IAM"},
    "iam_role": {"DefaultAuthorizer": "AWS_IAM", "InvokeRole": "arn:aws:iam::123456789012:role/r"},
    "iam_none": {"DefaultAuthorizer": "AWS_IAM", "InvokeRole": "NONE"},
    "iam_preflight": {"DefaultAuthorizer": "AWS_IAM", "AddDefaultAuthorizerToCorsPreflight": False},
    "key": {"ApiKeyRequired": True},
    "key_preflight": {"ApiKeyRequired": True, "AddApiKeyRequiredToCorsPreflight": False},
    "key_and_token": {"ApiKeyRequired": True, "DefaultAuthorizer": "Own", "Authorizers": {"Own": TOKEN, "Users": USERS}},
    "policy_custom": {"ResourcePolicy": {"CustomStatements": [{"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}]}},
    "policy_ranges": {"ResourcePolicy": {"IpRangeWhitelist": ["10.0.0.0/8"], "IpRangeBlacklist": ["192.0.2.0/24"]}},
    "policy_accounts": {"ResourcePolicy": {"AwsAccountWhitelist": ["111122223333"], "AwsAccountBlacklist": ["123456789012"]}},
    "policy_networks": {"ResourcePolicy": {"SourceVpcWhitelist": ["vpc-1", "vpce-2"], "IntrinsicVpcBlacklist": [{"Ref": "Env"}], "IntrinsicVpceWhitelist": [{"Ref": "Env"}]}},
    "plan_own": {"ApiKeyRequired": True, "UsagePlan": {"CreateUsagePlan": "PER_API", "UsagePlanName": "n", "Quota": {"Limit": 5, "Period": "DAY"}, "Throttle": {"RateLimit": 5}}},
    "plan_shared": {"ApiKeyRequired": True, "UsagePlan": {"CreateUsagePlan": "SHARED", "Description": "d", "Tags": [{"Key": "a", "Value": "b"}]}},
    "plan_none": {"UsagePlan": {"CreateUsagePlan": "NONE"}},
}
EVENT_AUTHS = {
    "none": {"Authorizer": "NONE"},
    "other": {"Authorizer": "Other", "AuthorizationScopes": ["x"]},
    "key": {"ApiKeyRequired": True},
    "iam": {"Authorizer": "AWS_IAM", "InvokeRole": "CALLER_CREDENTIALS"},
    "policy": {"ResourcePolicy": {"IpRangeWhitelist": ["10.0.0.0/8"], "CustomStatements": [{"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*"}]}},
}
SWAGGER = {"swagger": "2.0", "info": {"title": "t", "version": "1"}, "paths": {"/own": {"get": {"x-amazon-apigateway-integration": {"type": "mock"}, "responses": {}}, "parameters": []}, "/plain": {"post": {}}}}
OPENAPI = {"openapi": "3.0.1", "info": {"title": "t"}, "paths": {"/own": {"x-amazon-apigateway-any-method": {"x-amazon-apigateway-integration": {"type": "mock"}}}}}
APIS = {
    "plain": {},
    "named": {"Name": "n", "Description": "d", "MinimumCompressionSize": 5, "ApiKeySourceType": "HEADER", "Mode": "overwrite", "FailOnWarnings": True},
    "stage_parameter": {"StageName": {"Ref": "Env"}},
    "stage_mark": {"StageName": "my-stage_1"},
    "cors": {"Cors": "'*'"},
    "cors_full": {"Cors": {"AllowOrigin": "'https://example.com'", "AllowHeaders": "'A'", "AllowMethods": "'GET'", "MaxAge": "'600'", "AllowCredentials": True}},
    "cors_function": {"Cors": {"Fn::Sub": "'https://${Env}.example.com'"}},
    "cors_auth": {"Cors": "'*'", "Auth": {"DefaultAuthorizer": "Own", "Authorizers": {"Own": TOKEN}, "ApiKeyRequired": True}},
    "cors_third": {"Cors": "'*'", "OpenApiVersion": "3.0.1", "Auth": {"DefaultAuthorizer": "Own", "Authorizers": {"Own": TOKEN}}},
    "endpoint": {"EndpointConfiguration": "REGIONAL"},
    "endpoint_private": {"EndpointConfiguration": {"Type": "PRIVATE", "VPCEndpointIds": ["vpce-1"]}},
    "endpoint_dual": {"EndpointConfiguration": {"Type": "REGIONAL", "IpAddressType": "dualstack"}},
    "logs": {"AccessLogSetting": {"DestinationArn": arn("Logs"), "Format": "x"}, "MethodSettings": [{"HttpMethod": "*", "ResourcePath": "/*", "LoggingLevel": "INFO"}], "TracingEnabled": True},
    "cache": {"CacheClusterEnabled": True, "CacheClusterSize": "0.5", "Variables": {"a": "b"}, "CanarySetting": {"PercentTraffic": 5}},
    "media": {"BinaryMediaTypes": ["image~1png", "*~1*"]},
    "media_parameter": {"BinaryMediaTypes": [{"Ref": "Media"}]},
    "responses": {"GatewayResponses": {"UNAUTHORIZED": {"StatusCode": 401, "ResponseParameters": {"Headers": {"A": "'*'"}, "QueryStrings": {"q": "'x'"}}}, "DEFAULT_4XX": {"ResponseTemplates": {"application/json": "{}"}}}},
    "models": {"Models": {"User": {"type": "object", "properties": {"name": {"type": "string"}}}}},
    "switched_off": {"DisableExecuteApiEndpoint": True},
    "third": {"OpenApiVersion": "3.0.1", "Models": {"User": {"type": "object"}}, "DisableExecuteApiEndpoint": True},
    "body": {"DefinitionBody": SWAGGER},
    "body_cors": {"DefinitionBody": SWAGGER, "Cors": "'*'"},
    "body_auth": {"DefinitionBody": SWAGGER, "Auth": {"DefaultAuthorizer": "Own", "Authorizers": {"Own": TOKEN}, "ApiKeyRequired": True}},
    "body_third": {"DefinitionBody": OPENAPI, "OpenApiVersion": "3.0.1", "Auth": {"DefaultAuthorizer": "Own", "Authorizers": {"Own": TOKEN}}},
    "body_merged": {"DefinitionBody": SWAGGER, "MergeDefinitions": True},
    "uri": {"DefinitionUri": "s3://code/api.yaml"},
    "uri_version": {"DefinitionUri": {"Bucket": "code", "Key": "api.yaml", "Version": "2"}},
    "policy": {"Policy": {"Version": "2012-10-17", "Statement": []}, "SecurityPolicy": "SecurityPolicy_TLS13_1_3_2025_09", "EndpointAccessMode": "STRICT"},
    "tags": {"Tags": {"a": "b"}},
    "tags_passed": {"Tags": {"a": "b", "c": "d"}, "PropagateTags": True, "Domain": {"DomainName": "api.example.com", "CertificateArn": "c"}},
    "domain": {"Domain": {"DomainName": "api.example.com", "CertificateArn": {"Ref": "Env"}}},
    "domain_full": {"Domain": {"DomainName": {"Fn::Sub": "${Env}.example.com"}, "CertificateArn": "c", "EndpointConfiguration": "EDGE", "SecurityPolicy": "TLS_1_2", "BasePath": ["/", "v1", "a-b"], "Route53": {"HostedZoneId": "Z1", "IpV6": True, "EvaluateTargetHealth": True}, "MutualTlsAuthentication": {"TruststoreUri": "s3://t/t.pem", "TruststoreVersion": "1"}}},
    "domain_regional": {"Domain": {"DomainName": "api.example.com", "CertificateArn": "c", "EndpointConfiguration": "REGIONAL", "NormalizeBasePath": False, "BasePath": ["a-b"], "Route53": {"HostedZoneName": "example.com.", "SetIdentifier": "s", "Region": "us-east-1", "SeparateRecordSetGroup": True}, "OwnershipVerificationCertificateArn": "o"}},
    "domain_private": {"Domain": {"DomainName": "api.example.com", "CertificateArn": "c", "EndpointConfiguration": "PRIVATE", "BasePath": ["v1"], "Policy": {"Statement": []}, "AccessAssociation": {"VpcEndpointId": "vpce-1"}, "Route53": {"HostedZoneId": "Z1", "VpcEndpointDomainName": "d", "VpcEndpointHostedZoneId": "Z2"}}},
}


def apis():
    sections = {"Parameters": {"Env": {"Type": "String", "Default": "prod"}, "Media": {"Type": "String", "Default": "image~1png"}}, "Conditions": ON["Conditions"]}
    beside = {"Pool": POOL, "Logs": {"Type": "AWS::Logs::LogGroup"}}
    routes = {"One": event("Api", Path="/a", Method="get", RestApiId={"Ref": "A"}), "Two": event("Api", Path="/b/{id}", Method="any", RestApiId={"Ref": "A"})}
    for name, properties in APIS.items():
        resources = {"A": api(**properties), "F": function(Events=routes), **beside}
        yield f"api_{name}", template(resources, **sections)
        if name in ("plain", "cors", "domain", "body_auth"):
            conditional = {**resources, "A": with_condition(resources["A"]), "F": with_condition(resources["F"])}
            yield f"api_{name}_conditional", template(conditional, **sections)
    for name, auth in AUTHS.items():
        yield f"api_auth_{name}", template({"A": api(Auth=auth), "F": function(Events=routes), **beside}, **sections)
        yield f"api_auth_{name}_cors", template({"A": api(Auth=auth, Cors="'*'"), "F": function(Events=routes), **beside}, **sections)
    chosen = {"DefaultAuthorizer": "Own", "Authorizers": {"Own": TOKEN, "Other": USERS}}
    for name, auth in EVENT_AUTHS.items():
        one = event("Api", Path="/c", Method="get", RestApiId={"Ref": "A"}, Auth=auth)
        yield f"api_event_auth_{name}", template({"A": api(Auth=chosen), "F": function(Events={**routes, "Three": one}), **beside}, **sections)
        over = event("Api", Path="/own", Method="get", RestApiId={"Ref": "A"}, Auth={**auth, "OverrideApiAuth": True})
        yield f"api_event_auth_{name}_body", template({"A": api(Auth=chosen, DefinitionBody=SWAGGER), "F": function(Events={"Three": over}), **beside}, **sections)
    request = event("Api", Path="/c", Method="post", RestApiId={"Ref": "A"}, RequestModel={"Model": "User", "Required": True, "ValidateBody": True, "ValidateParameters": False}, RequestParameters=["method.request.header.A", {"method.request.querystring.q": {"Required": True, "Caching": True}}])
    for version in ({}, {"OpenApiVersion": "3.0.1"}):
        name = "third" if version else "second"
        yield f"api_request_{name}", template({"A": api(Models={"User": {"type": "object"}}, **version), "F": function(Events={"One": request}), **beside}, **sections)
    yield "api_shared_plans", template({"A": api(Auth=AUTHS["plan_shared"]), "C": with_condition(api(Auth=AUTHS["plan_shared"])), **beside}, **sections)
    yield "api_shared_plans_conditional", template({"A": with_condition(api(Auth=AUTHS["plan_shared"])), "C": with_condition(api(Auth=AUTHS["plan_shared"]), "Off")}, Parameters=ON["Parameters"], Conditions={**ON["Conditions"], "Off": {"Fn::Not": [{"Condition": "On"}]}})
    yield "api_references", template({"A": api(), "F": function(Events=routes)}, Outputs={"S": {"Value": {"Ref": "A.Stage"}}, "D": {"Value": {"Fn::Sub": "${A.Deployment}"}}})
    plain = {"A": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "n"}}, "F": function(Events={"One": routes["One"]})}
    yield "api_of_its_own", template(plain)


JWT = {"DefaultAuthorizer": "Own", "Authorizers": {"Own": {"AuthorizationScopes": ["a"], "IdentitySource": "$request.header.Authorization", "JwtConfiguration": {"issuer": "https://i", "audience": ["a"]}}}}
LAMBDA = {"DefaultAuthorizer": "Own", "Authorizers": {"Own": {"FunctionArn": arn("F"), "AuthorizerPayloadFormatVersion": "2.0", "EnableSimpleResponses": True, "FunctionInvokeRole": "r", "Identity": {"Headers": ["A"], "QueryStrings": ["q"], "StageVariables": ["v"], "Context": ["c"], "ReauthorizeEvery": 5}, "EnableFunctionDefaultPermissions": True}}}
HTTPS = {
    "plain": {},
    "stage": {"StageName": "live", "StageVariables": {"a": "b"}},
    "stage_default": {"StageName": "$default"},
    "stage_mark": {"StageName": "a-b"},
    "named": {"Name": "n", "Description": "d", "FailOnWarnings": True, "DisableExecuteApiEndpoint": True},
    "cors": {"CorsConfiguration": True},
    "cors_full": {"CorsConfiguration": {"AllowOrigins": ["https://example.com"], "AllowHeaders": ["a"], "AllowMethods": ["GET"], "ExposeHeaders": ["b"], "MaxAge": 5, "AllowCredentials": True}},
    "jwt": {"Auth": JWT},
    "lambda": {"Auth": LAMBDA},
    "iam": {"Auth": {"EnableIamAuthorizer": True, "DefaultAuthorizer": "AWS_IAM"}},
    "both": {"Auth": {"DefaultAuthorizer": "Own", "EnableIamAuthorizer": True, "Authorizers": {**JWT["Authorizers"], "Other": {"FunctionArn": arn("F"), "AuthorizerPayloadFormatVersion": "1.0"}}}},
    "logs": {"AccessLogSettings": {"DestinationArn": arn("Logs"), "Format": "x"}, "DefaultRouteSettings": {"ThrottlingBurstLimit": 5}, "RouteSettings": {"GET /a": {"ThrottlingRateLimit": 1}}},
    "tags": {"Tags": {"a": "b"}},
    "body": {"DefinitionBody": OPENAPI},
    "body_auth": {"DefinitionBody": OPENAPI, "Auth": JWT},
    "uri": {"DefinitionUri": "s3://code/api.yaml"},
    "domain": {"Domain": {"DomainName": "api.example.com", "CertificateArn": "c", "BasePath": ["v1", "/a/b-c"], "SecurityPolicy": "TLS_1_2", "Route53": {"HostedZoneId": "Z1", "IpV6": True}, "MutualTlsAuthentication": {"TruststoreUri": "s3://t/t.pem"}}},
    "domain_plain": {"Domain": {"DomainName": {"Ref": "Env"}, "CertificateArn": "c"}},
}


def https():
    routes = {"One": event("HttpApi", Path="/a", Method="get", ApiId={"Ref": "A"}), "Two": event("HttpApi", Path="/b/{id}", Method="any", ApiId={"Ref": "A"})}
    beside = {"Logs": {"Type": "AWS::Logs::LogGroup"}}
    for name, properties in HTTPS.items():
        used = {} if name == "uri" else {"Events": routes}
        resources = {"A": api("HttpApi", **properties), "F": function(**used), **beside}
        yield f"http_{name}", template(resources, **ON)
        conditional = {**resources, "A": with_condition(resources["A"]), "F": with_condition(resources["F"])}
        yield f"http_{name}_conditional", template(conditional, **ON)
    for name, auth in {"none": {"Authorizer": "NONE"}, "scopes": {"Authorizer": "Own", "AuthorizationScopes": ["x"]}, "default": {"AuthorizationScopes": ["y"]}}.items():
        one = event("HttpApi", Path="/c", Method="get", ApiId={"Ref": "A"}, Auth=auth)
        yield f"http_event_auth_{name}", template({"A": api("HttpApi", Auth=JWT), "F": function(Events={**routes, "Three": one}), **beside}, **ON)


def machines():
    states = {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": arn("F"), "End": True, "Parameters": {"b": {"Ref": "T"}, "a": ["x", {"Fn::Sub": "${AWS::Region}"}]}}}}
    forms = {
        "plain": {"Definition": states},
        "uri": {"DefinitionUri": "s3://code/d.json", "DefinitionSubstitutions": {"a": arn("F")}},
        "uri_parts": {"DefinitionUri": {"Bucket": "b", "Key": "k", "Version": "1"}, "Role": "arn:aws:iam::123456789012:role/r"},
        "substituted": {"Definition": states, "DefinitionSubstitutions": {"z": "y"}},
        "logged": {"Definition": states, "Logging": {"Level": "ALL", "IncludeExecutionData": True, "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": arn("Logs")}}]}, "Tracing": {"Enabled": True}, "Type": "EXPRESS", "Name": "n"},
        "boundary": {"Definition": states, "PermissionsBoundary": "arn:aws:iam::aws:policy/PowerUserAccess", "RolePath": "/a/", "Policies": [{"LambdaInvokePolicy": {"FunctionName": {"Ref": "F"}}}]},
        "tags": {"Definition": states, "Tags": {"a": "b"}},
        "tags_passed": {"Definition": states, "Tags": {"a": "b"}, "PropagateTags": True, "Events": {"E": event("Schedule", Schedule="rate(1 day)")}},
        "alias": {"Definition": states, "AutoPublishAlias": "live"},
        "alias_shifted": {"Definition": states, "AutoPublishAlias": "live", "DeploymentPreference": {"Type": "LINEAR", "Percentage": 10, "Interval": 5}, "UseAliasAsEventTarget": True, "Events": {"E": event("Schedule", Schedule="rate(1 day)")}},
        "schedule": {"Definition": states, "Events": {"E": event("Schedule", Schedule="rate(1 day)", Enabled=False, Input="{}", DeadLetterConfig={"Type": "SQS"})}},
        "schedule_role": {"Definition": states, "Events": {"E": event("Schedule", Schedule="rate(1 day)", RoleArn="arn:aws:iam::123456789012:role/r", Target={"Id": "t"})}},
        "schedule2": {"Definition": states, "Events": {"E": event("ScheduleV2", ScheduleExpression="rate(1 day)", DeadLetterConfig={"Type": "SQS", "QueueLogicalId": "Dead"})}},
        "rule": {"Definition": states, "Events": {"E": event("EventBridgeRule", Pattern={"source": ["a"]}, DeadLetterConfig={"Arn": "a"})}, "PermissionsBoundary": "arn:aws:iam::aws:policy/PowerUserAccess"},
        "watch": {"Definition": states, "Events": {"E": event("CloudWatchEvent", Pattern={"source": ["a"]}, RuleName="r", State="ENABLED")}},
        "api": {"Definition": states, "Events": {"E": event("Api", Path="/start", Method="post")}},
        "api_unescaped": {"Definition": states, "Events": {"E": event("Api", Path="/start", Method="post", UnescapeMappingTemplate=True)}},
        "api_named": {"Definition": states, "Events": {"E": event("Api", Path="/start", Method="post", RestApiId={"Ref": "A"})}},
    }
    for name, properties in forms.items():
        machine = {"Type": "AWS::Serverless::StateMachine", "Properties": properties}
        beside = {"F": function(), "T": T, "Logs": {"Type": "AWS::Logs::LogGroup"}}
        if name == "api_named":
            beside["A"] = api(Auth={"DefaultAuthorizer": "AWS_IAM"})
        yield f"machine_{name}", template({"M": machine, **beside})
        yield f"machine_{name}_conditional", template({"M": with_condition(machine), **beside}, **ON)


def layers_and_tables():
    layers = {
        "plain": {"ContentUri": "s3://code/layer.zip"},
        "full": {"ContentUri": {"Bucket": "b", "Key": "k", "Version": "1"}, "LayerName": {"Fn::Sub": "${Env}-l"}, "Description": "d", "LicenseInfo": "MIT", "CompatibleRuntimes": ["python3.12"], "CompatibleArchitectures": ["arm64"], "RetentionPolicy": "Delete"},
        "parameter": {"ContentUri": {"Bucket": {"Ref": "Env"}, "Key": "k"}, "LayerName": {"Ref": "Env"}},
    }
    for name, properties in layers.items():
        layer = {"Type": "AWS::Serverless::LayerVersion", "Properties": properties}
        yield f"layer_{name}", template({"L": layer, "F": function(Layers=[{"Ref": "L"}])}, **ON)
        yield f"layer_{name}_conditional", template({"L": {**with_condition(layer), "DeletionPolicy": "Delete", "Metadata": {"a": "b"}, "DependsOn": "F"}, "F": function()}, **ON)
    tables = {
        "plain": {},
        "full": {"PrimaryKey": {"Name": "k", "Type": "Number"}, "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}, "TableName": {"Ref": "Env"}, "Tags": {"a": "b"}, "SSESpecification": {"SSEEnabled": True}, "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}},
    }
    for name, properties in tables.items():
        yield f"table_{name}", template({"T": {"Type": "AWS::Serverless::SimpleTable", "Properties": properties}}, **ON)
    stack = {"Type": "AWS::Serverless::Application", "Properties": {"Location": "https://s3.amazonaws.com/b/t.yaml", "Parameters": {"A": "b"}, "Tags": {"a": "b"}, "TimeoutInMinutes": 5, "NotificationARNs": ["n"]}}
    yield "application", template({"S": stack})
    yield "application_conditional", template({"S": with_condition(stack)}, **ON)


def connectors():
    ends = {
        "table": {"Type": "AWS::Serverless::SimpleTable"},
        "queue": Q,
        "topic": T,
        "bucket": B,
        "machine": {"Type": "AWS::Serverless::StateMachine", "Properties": {"Definition": {"StartAt": "A"}}},
        "function": function(),
        "bus": {"Type": "AWS::Events::EventBus"},
    }
    for name, end in ends.items():
        permissions = ["Write"] if name in ("topic", "function", "bus") else ["Read", "Write"]
        connector = {"Type": "AWS::Serverless::Connector", "Properties": {"Source": {"Id": "F"}, "Destination": {"Id": "E"}, "Permissions": permissions}}
        yield f"connector_function_{name}", template({"F": function(), "E": end, "C": connector})
        embedded = {**function(), "Connectors": {"C": {"Properties": {"Destination": [{"Id": "E"}], "Permissions": permissions}}}}
        yield f"connector_embedded_{name}", template({"F": embedded, "E": end})
    rule = {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {}, "Targets": [{"Arn": arn("E"), "Id": "t", "RoleArn": arn("R")}]}}
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}
    for name in ("queue", "topic", "function", "bus"):
        connector = {"Type": "AWS::Serverless::Connector", "Properties": {"Source": {"Id": "W"}, "Destination": {"Id": "E"}, "Permissions": ["Write"]}}
        yield f"connector_rule_{name}", template({"W": rule, "R": role, "E": ends[name], "C": connector})
    for source, end in (("T", T), ("A", api()), ("A", api("HttpApi")), ("Q", Q)):
        permissions = ["Read", "Write"] if source == "Q" else ["Write"]
        connector = {"Type": "AWS::Serverless::Connector", "Properties": {"Source": {"Id": source}, "Destination": {"Id": "F"}, "Permissions": permissions}}
        kind = end["Type"].rsplit(":", 1)[1].lower()
        yield f"connector_{kind}_function", template({source: end, "F": function(Events={"E": event("HttpApi", ApiId={"Ref": "A"})} if kind == "httpapi" else {}), "C": connector})
    machine = {"Type": "AWS::Serverless::Connector", "Properties": {"Source": {"Id": "M"}, "Destination": {"Id": "M2"}, "Permissions": ["Read", "Write"]}}
    yield "connector_machines", template({"M": ends["machine"], "M2": ends["machine"], "C": machine})


def globals_of_all():
    sections = {
        "Function": {"Timeout": 5, "Environment": {"Variables": {"A": "b", "C": "d"}}, "Tags": {"a": "b"}, "VpcConfig": {"SubnetIds": ["s-1"], "SecurityGroupIds": ["sg-1"]}, "Layers": ["arn:aws:lambda:us-east-1:123456789012:layer:x:1"], "Tracing": "Active", "Architectures": ["arm64"]},
        "Api": {"Auth": {"ApiKeyRequired": True}, "Cors": "'*'", "TracingEnabled": True, "EndpointConfiguration": "REGIONAL", "Variables": {"a": "b"}},
        "HttpApi": {"Auth": JWT, "Tags": {"x": "y"}},
        "SimpleTable": {"SSESpecification": {"SSEEnabled": True}},
    }
    resources = {
        "F": function(Events={"A": event("Api", Path="/a", Method="get"), "B": event("HttpApi", Path="/b", Method="get")}),
        "G": function(Timeout=9, Environment={"Variables": {"A": "x"}}, Tags={"c": "d"}, VpcConfig={"SubnetIds": ["s-2"]}, Layers=["arn:aws:lambda:us-east-1:123456789012:layer:y:1"], Architectures=["x86_64"], Tracing="Disabled"),
        "H": {**function(), "IgnoreGlobals": "*"},
        "I": {**function(Tags={"q": "r"}), "IgnoreGlobals": ["Tags", "VpcConfig"]},
        "T": {"Type": "AWS::Serverless::SimpleTable"},
        "A": api(Auth={"DefaultAuthorizer": "AWS_IAM"}, Variables={"c": "d"}),
    }
    yield "globals", template(resources, Globals=sections)
    for name in sections:
        yield f"globals_{name.lower()}", template(resources, Globals={name: sections[name]})


def others():
    graph = {
        "Type": "AWS::Serverless::GraphQLApi",
        "Properties": {
            "SchemaInline": "type Query { a: String }",
            "Auth": {"Type": "AWS_LAMBDA", "LambdaAuthorizer": {"AuthorizerUri": arn("F")}, "Additional": [{"Type": "AMAZON_COGNITO_USER_POOLS", "UserPool": {"AwsRegion": "us-east-1", "UserPoolId": {"Ref": "Pool"}}}, {"Type": "API_KEY"}]},
            "ApiKeys": {"K": {"ExpiresOn": 5}},
            "DataSources": {"DynamoDb": {"D": {"TableName": {"Ref": "Table"}, "TableArn": arn("Table")}, "E": {"TableName": "t", "ServiceRoleArn": "r"}}, "Lambda": {"L": {"FunctionArn": arn("F")}}},
            "Functions": {"One": {"DataSource": "D", "Runtime": {"Name": "APPSYNC_JS", "Version": "1.0.0"}, "InlineCode": "x"}, "Two": {"DataSource": "NONE", "Runtime": {"Name": "APPSYNC_JS", "Version": "1.0.0"}, "CodeUri": "s3://a/b"}},
            "Resolvers": {"Query": {"a": {"Pipeline": ["One", "Two"]}, "b": {"Pipeline": ["One"], "Runtime": {"Name": "APPSYNC_JS", "Version": "1.0.0"}, "InlineCode": "y", "FieldName": "c"}}},
            "Cache": {"ApiCachingBehavior": "FULL_REQUEST_CACHING", "Ttl": 5, "Type": "SMALL"},
            "DomainName": {"CertificateArn": "c", "DomainName": "d"},
            "XrayEnabled": True,
            "Tags": {"a": "b"},
        },
    }
    yield "graph", template({"G": graph, "F": function(), "Pool": POOL, "Table": TABLE})
    plain = {"Type": "AWS::Serverless::GraphQLApi", "Properties": {"SchemaUri": "s3://a/b", "Auth": {"Type": "AWS_IAM"}, "Logging": False}}
    yield "graph_plain", template({"G": plain})
    socket = {"Type": "AWS::Serverless::WebSocketApi", "Properties": {"RouteSelectionExpression": "$request.body.action", "Routes": {"$connect": {"FunctionArn": arn("F")}, "send": {"FunctionArn": arn("F"), "IntegrationTimeout": 100}}, "Auth": {"AuthType": "CUSTOM", "AuthArn": arn("F"), "IdentitySource": ["route.request.header.A"]}}}
    yield "socket", template({"W": socket, "F": function()})
    named = {**socket, "Properties": {**socket["Properties"], "Auth": {"AuthType": "AWS_IAM"}, "StageName": "live", "Tags": {"a": "b"}, "PropagateTags": True, "Domain": {"DomainName": "w.example.com", "CertificateArn": "c"}}}
    yield "socket_named", template({"W": named, "F": function()})
    provider = {"Type": "AWS::Serverless::CapacityProvider", "Properties": {"VpcConfig": {"SubnetIds": ["s-1"]}, "ScalingConfig": {"MaxVCpuCount": 5}, "InstanceRequirements": {"Architectures": ["arm64"], "AllowedTypes": ["m7g.large"]}}}
    yield "capacity", template({"P": provider, "F": function(CapacityProviderConfig={"Arn": arn("P"), "PerExecutionEnvironmentMaxConcurrency": 5})})


def all_templates():
    for group in (policies, functions, events, apis, https, machines, layers_and_tables, connectors, globals_of_all, others):
        yield from group()
