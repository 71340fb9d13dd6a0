using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Twin;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Access;

/// <summary>Signs commands with the fleet's client certificate. A fleet without one, on a broker without TLS, signs nothing.</summary>
internal sealed class CommandSigner(IOptions<FleetOptions> options)
{
    /// <exception cref="CryptographicException">Certificate and key do not belong together.</exception>
    public Command Sign(Command command, DeviceId device)
    {
        if (options.Value is not { Certificate: { } certificate, Key: { } key }) return command;
        // Read each time: it is renewed by replacing the files.
        using var fleet = X509Certificate2.CreateFromPemFile(certificate, key);
        return CommandProof.Sign(command, device, fleet);
    }
}
