Hi ${n}!
%{ for x in l ~}
- ${x}
%{ endfor ~}
end