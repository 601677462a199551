//! Makes an estate of any size to measure on: `estates FOLDER N [terraform|cloudformation|count]`.
//!
//! `terraform` and `cloudformation` write N resources of a few kinds; `count` one resource with `count = N`.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

fn terraform(number: usize) -> String {
    let mut text = String::new();
    for n in 0..number / 2 {
        let _ = write!(
            text,
            r#"resource "aws_security_group" "g{n}" {{
  name        = "g{n}"
  description = "Group {n}"
  ingress {{
    description = "HTTPS"
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["10.{}.{}.0/24"]
  }}
}}

resource "aws_instance" "i{n}" {{
  ami                    = "ami-0123456789abcdef0"
  instance_type          = "t3.micro"
  vpc_security_group_ids = [aws_security_group.g{n}.id]
}}

"#,
            n / 256 % 256,
            n % 256
        );
    }
    text
}

fn cloudformation(number: usize) -> String {
    let mut text = String::from("AWSTemplateFormatVersion: '2010-09-09'\nResources:\n");
    for n in 0..number / 2 {
        let _ = write!(
            text,
            "  G{n}:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: Group {n}
      SecurityGroupIngress:
        - {{Description: HTTPS, IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.{}.{}.0/24}}
  I{n}:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: ami-0123456789abcdef0
      InstanceType: t3.micro
      SecurityGroupIds: [!GetAtt G{n}.GroupId]
",
            n / 256 % 256,
            n % 256
        );
    }
    text
}

fn counted(number: usize) -> String {
    terraform(2).replacen("{\n", &format!("{{\n  count = {number}\n"), 1)
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    // `cargo bench` of everything gives no folder: then there is nothing to make.
    let [folder, number, rest @ ..] = arguments.as_slice() else {
        return Ok(());
    };
    let number: usize = number.parse().map_err(io::Error::other)?;
    let (name, text) = match rest.first().map(String::as_str) {
        Some("cloudformation") => ("template.yaml", cloudformation(number)),
        Some("count") => ("main.tf", counted(number)),
        _ => ("main.tf", terraform(number)),
    };
    std::fs::create_dir_all(folder)?;
    std::fs::write(Path::new(folder).join(name), text)
}
