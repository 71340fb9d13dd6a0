using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CvOps.Contracts.Twin;

namespace CvOps.Contracts.Identity;

/// <summary>The fleet's signature under a command: what lets a device tell a command of the fleet from one that somebody at the broker wrote.</summary>
public static class CommandProof
{
    /// <param name="device">Only for this one it is good.</param>
    /// <param name="fleet">The fleet's client certificate with its key.</param>
    public static Command Sign(Command command, DeviceId device, X509Certificate2 fleet)
    {
        using var key = fleet.GetECDsaPrivateKey() ?? throw new CryptographicException("The fleet's certificate has no ECDSA key here to sign commands with.");
        return command with { Signature = new CommandSignature(fleet.RawData, key.SignData(Signed(command, device), HashAlgorithmName.SHA256)) };
    }

    /// <returns>Why it is not the fleet's command to this device, in a sentence; null when it is.</returns>
    public static string? Problem(Command command, DeviceId device, X509Certificate2 authority, DateTimeOffset now)
    {
        if (command.Signature is not { Certificate: { } der, Value: { } signature }) return "The command is not signed by the fleet.";
        try
        {
            using var signer = X509CertificateLoader.LoadCertificate(der);
            if (IssuedIdentity.NameOf(signer) != CertificateAuthority.FleetName) return $"The command is signed by '{IssuedIdentity.NameOf(signer)}', not by the fleet.";
            return IssuedIdentity.Problem(signer, authority, now)
                ?? (EnrolmentProof.Holds(signer.PublicKey.ExportSubjectPublicKeyInfo(), Signed(command, device), signature) ? null : "The command's signature is not of what it says, or of a command to another device.");
        }
        catch (CryptographicException)
        {
            return "The certificate in the command's signature is none.";
        }
    }

    /// <summary>Every text with its length before it, so that no two commands read alike.</summary>
    private static byte[] Signed(Command command, DeviceId device)
    {
        using var bytes = new MemoryStream();
        using (var writer = new BinaryWriter(bytes, Encoding.UTF8))
        {
            writer.Write("cvops command v1");
            writer.Write(device.Value);
            writer.Write(command.Id ?? "");
            writer.Write(command.Name ?? "");
            writer.Write(command.IssuedAt.UtcTicks);
            writer.Write(command.ExpiresAt.UtcTicks);
            writer.Write(command.IssuedBy ?? "");
            foreach (var (name, value) in (command.Arguments ?? new Dictionary<string, string>()).OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                writer.Write(name);
                writer.Write(value ?? "");
            }
        }
        return bytes.ToArray();
    }
}
