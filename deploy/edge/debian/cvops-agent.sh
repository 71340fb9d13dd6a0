#!/bin/sh
# The agent on this machine's .NET: where archives, Debian's and Microsoft's packages put it.
for dotnet in "${DOTNET_ROOT:-/opt/dotnet}" /opt/dotnet /usr/lib/dotnet /usr/share/dotnet /usr/local/share/dotnet; do
    for runtime in "$dotnet"/shared/Microsoft.AspNetCore.App/10.*; do
        [ ! -d "$runtime" ] || exec "$dotnet/dotnet" /usr/lib/cvops-agent/cvops-agent.dll "$@"
    done
done
echo "cvops-agent: the ASP.NET Core 10 runtime is missing. Unpack Microsoft's archive aspnetcore-runtime-10.0 for this machine into /opt/dotnet, or install the package aspnetcore-runtime-10.0." >&2
exit 78
