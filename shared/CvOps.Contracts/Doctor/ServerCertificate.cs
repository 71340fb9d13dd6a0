using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace CvOps.Contracts.Doctor;

/// <summary>The certificate that a TLS server shows, believed or not: its end is what people want to know.</summary>
public static class ServerCertificate
{
    /// <param name="own">What is shown to a server that asks; null: nothing. Stays the caller's.</param>
    /// <returns>Null when none was shown. The caller disposes it.</returns>
    public static async Task<X509Certificate2?> LookAsync(string host, int port, X509Certificate2? own, TimeSpan patience, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(patience);
        X509Certificate2? shown = null;
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(host, port, limit.Token);
            await using var tls = new SslStream(socket.GetStream());
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = host,
                ClientCertificates = own is null ? null : [own],
                // Nothing is said over this connection: whoever it is, its certificate is only read.
                RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                {
                    shown = certificate is null ? null : X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
                    return shown is not null;
                },
            }, limit.Token);
        }
        catch (Exception e) when (e is SocketException or IOException or AuthenticationException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            // What it showed before it went away counts all the same.
        }
        return shown;
    }
}
