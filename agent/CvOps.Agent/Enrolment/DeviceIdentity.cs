using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CvOps.Contracts;
using CvOps.Contracts.Identity;

namespace CvOps.Agent.Enrolment;

/// <summary>
/// This device's certificate and key on disk. The next pair grows beside them (<c>.next</c>) and takes their place whole: whatever moment
/// the power fails at, there is a pair that belongs together once <see cref="Recover"/> has run.
/// </summary>
internal sealed class DeviceIdentity(string certificate, string key)
{
    private string NextCertificate => certificate + ".next";

    private string NextKey => key + ".next";

    /// <summary>Finishes a change that was cut off. Before the first use of the files.</summary>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public void Recover()
    {
        if (!File.Exists(NextCertificate)) return;
        if (Match(NextCertificate, NextKey)) Move(NextKey, key);
        if (Match(NextCertificate, key)) Move(NextCertificate, certificate);
        else File.Delete(NextCertificate);
    }

    /// <returns>The certificate; null when there is none that belongs to the key. The caller disposes it.</returns>
    public X509Certificate2? Load()
    {
        try
        {
            return File.Exists(certificate) && File.Exists(key) ? X509Certificate2.CreateFromPemFile(certificate, key) : null;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            // No certificate, or one of another key.
            return null;
        }
    }

    /// <summary>The key of the next certificate, made when there is none yet; mode 0600. It stays the same until its certificate has come, so that an answer that was lost is given again.</summary>
    /// <exception cref="IOException">It cannot be kept.</exception>
    public ECDsa OpenNextKey()
    {
        var next = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (File.Exists(NextKey))
        {
            try
            {
                next.ImportFromPem(File.ReadAllText(NextKey));
                return next;
            }
            catch (Exception e) when (e is CryptographicException or ArgumentException)
            {
                // Nobody has a certificate for it yet: a new one does as well.
                next.Dispose();
                next = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            }
        }
        MakeFolder(key);
        MakeFolder(certificate);
        PemFile.WriteKey(NextKey, next.ExportPkcs8PrivateKeyPem());
        DurableFile.SyncFolder(FolderOf(key));
        return next;
    }

    /// <returns>Why this certificate is not the one that was asked for with <see cref="OpenNextKey"/>, in a sentence; null when it is.</returns>
    public static string? Problem(X509Certificate2 answer, ECDsa nextKey, DeviceId device, X509Certificate2 authority, DateTimeOffset now) =>
        !answer.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(nextKey.ExportSubjectPublicKeyInfo()) ? "The certificate that came is for another key."
        : IssuedIdentity.NameOf(answer) != device.Value ? $"The certificate that came is for '{IssuedIdentity.NameOf(answer)}', this device is '{device}'."
        : IssuedIdentity.Problem(answer, authority, now);

    /// <summary>The certificate for the next key takes the place of the present pair.</summary>
    /// <exception cref="IOException">The folder cannot be written; the present pair stands.</exception>
    public void Install(string pem)
    {
        PemFile.WriteCertificate(NextCertificate, pem);
        DurableFile.SyncFolder(FolderOf(certificate));
        Recover();
    }

    private static bool Match(string certificate, string key)
    {
        if (!File.Exists(key)) return false;
        try
        {
            using var pair = X509Certificate2.CreateFromPemFile(certificate, key);
            return true;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return false;
        }
    }

    private static void Move(string from, string to)
    {
        File.Move(from, to, overwrite: true);
        DurableFile.SyncFolder(FolderOf(to));
    }

    private static void MakeFolder(string file) => Directory.CreateDirectory(FolderOf(file));

    private static string FolderOf(string file) => Path.GetDirectoryName(Path.GetFullPath(file))!;
}
