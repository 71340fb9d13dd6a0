using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CvOps.Agent.Configuration;
using CvOps.Agent.Link;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Commands;

/// <summary>Whose commands are done. Over a broker with TLS: those with the signature of the fleet, as the authority of <c>link.ca</c> knows it.</summary>
internal sealed class CommandTrust(AgentOptions options)
{
    /// <returns>Why this is not the fleet's command, in a sentence; null when it is. Fails closed.</returns>
    public string? Problem(Command command, DateTimeOffset now)
    {
        // Without TLS everybody on the network may write; a signature would not make that better. A hub authenticates who calls.
        if (options.Link.UnsignedCommands || !options.Link.Brokers.Any(broker => LinkOptions.Parse(broker) is { } address && LinkOptions.IsSecure(address))) return null;
        try
        {
            using var authority = X509CertificateLoader.LoadCertificateFromFile(options.Link.Ca!);
            return CommandProof.Problem(command, options.Device, authority, now);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return $"The fleet's signature cannot be checked: {e.Message}";
        }
    }
}
