using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace CvOps.Fleet.Tests.Alerts;

/// <summary>A letter as a server took it.</summary>
/// <param name="User">Who handed it in; null: nobody was asked.</param>
internal sealed record TakenLetter(bool Tls, string? User, string From, IReadOnlyList<string> To, string Text);

/// <summary>A small mail server on the loopback that speaks SMTP with STARTTLS and AUTH PLAIN, as RFC 5321, 3207 and 4954 say.</summary>
internal sealed class SmtpServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly X509Certificate2? _certificate;
    private readonly bool _tlsFirst;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<TakenLetter> _letters = new();
    private readonly Task _accepts;

    /// <param name="certificate">Null: no TLS is offered.</param>
    public SmtpServer(X509Certificate2? certificate = null, bool tlsFirst = false)
    {
        (_certificate, _tlsFirst) = (certificate, tlsFirst);
        _listener.Start();
        _accepts = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public IReadOnlyCollection<TakenLetter> Letters => _letters;

    /// <summary>What it answers to recipients.</summary>
    public string ToRecipients { get; set; } = "250 2.1.5 ok";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepts.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptTcpClientAsync(_stop.Token);
            _ = Task.Run(async () =>
            {
                using (client)
                {
                    try
                    {
                        await TalkAsync(client);
                    }
                    catch (Exception e) when (e is IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
                    {
                        // The other side went, or did not trust the certificate.
                    }
                }
            });
        }
    }

    private async Task TalkAsync(TcpClient client)
    {
        Stream stream = client.GetStream();
        var tls = false;
        if (_tlsFirst) (stream, tls) = (await SecureAsync(stream), true);
        var (reader, writer) = Open(stream);
        string? user = null;
        var (from, to) = ("", new List<string>());
        await writer.WriteLineAsync("220 mail.test ESMTP");
        while (await reader.ReadLineAsync(_stop.Token) is { } line)
        {
            switch (line.Split(' ', ':')[0].ToUpperInvariant())
            {
                case "EHLO":
                    await writer.WriteLineAsync("250-mail.test");
                    if (_certificate is not null && !tls) await writer.WriteLineAsync("250-STARTTLS");
                    await writer.WriteLineAsync("250 AUTH PLAIN");
                    break;
                case "STARTTLS":
                    await writer.WriteLineAsync("220 go ahead");
                    (stream, tls) = (await SecureAsync(stream), true);
                    (reader, writer) = Open(stream);
                    break;
                case "AUTH":
                    var parts = Encoding.UTF8.GetString(Convert.FromBase64String(line.Split(' ')[2])).Split('\0');
                    user = parts[2] == "secret" ? parts[1] : null;
                    await writer.WriteLineAsync(user is null ? "535 5.7.8 wrong" : "235 2.7.0 ok");
                    break;
                case "MAIL":
                    (from, to) = (line[10..], []);
                    await writer.WriteLineAsync("250 ok");
                    break;
                case "RCPT":
                    to.Add(line[8..]);
                    await writer.WriteLineAsync(ToRecipients);
                    break;
                case "DATA":
                    await writer.WriteLineAsync("354 go on");
                    var text = new StringBuilder();
                    while (await reader.ReadLineAsync(_stop.Token) is { } part && part != ".") text.Append(part.StartsWith('.') ? part[1..] : part).Append('\n');
                    _letters.Enqueue(new TakenLetter(tls, user, from, to, text.ToString()));
                    await writer.WriteLineAsync("250 2.0.0 queued as 1");
                    break;
                case "QUIT":
                    await writer.WriteLineAsync("221 bye");
                    return;
                default:
                    await writer.WriteLineAsync("500 what");
                    break;
            }
        }
    }

    private async Task<Stream> SecureAsync(Stream inner)
    {
        var tls = new SslStream(inner);
        await tls.AuthenticateAsServerAsync(_certificate!, clientCertificateRequired: false, checkCertificateRevocation: false);
        return tls;
    }

    private static (StreamReader, StreamWriter) Open(Stream stream) => (new StreamReader(stream, Encoding.UTF8), new StreamWriter(stream, new UTF8Encoding(false)) { AutoFlush = true, NewLine = "\r\n" });
}
