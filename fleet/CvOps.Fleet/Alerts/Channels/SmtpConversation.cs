using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace CvOps.Fleet.Alerts.Channels;

/// <summary>The server refused something, or spoke no SMTP.</summary>
/// <param name="isFinal">A reply of the 500s: the same letter would be refused again.</param>
internal sealed class SmtpException(string message, bool isFinal) : Exception(message)
{
    public bool IsFinal { get; } = isFinal;
}

/// <summary>
/// One conversation with a mail server (RFC 5321; STARTTLS: RFC 3207; AUTH PLAIN: RFC 4954 and 4616). The framework's own client cannot begin with TLS, nor be told of an
/// authority, nor say what the server answered.
/// </summary>
internal sealed class SmtpConversation : IDisposable
{
    private const int LongestLine = 4096;

    private readonly TcpClient _tcp = new() { NoDelay = true };
    private readonly SmtpOptions _options;
    private readonly byte[] _buffer = new byte[LongestLine];
    private Stream _stream = Stream.Null;
    private int _filled;

    private SmtpConversation(SmtpOptions options) => _options = options;

    /// <summary>Connects, secures the line and says who it is.</summary>
    /// <exception cref="SmtpException">The server refused.</exception>
    public static async Task<SmtpConversation> BeginAsync(SmtpOptions options, CancellationToken cancel)
    {
        var talk = new SmtpConversation(options);
        try
        {
            await talk._tcp.ConnectAsync(options.Host, options.Port, cancel);
            talk._stream = talk._tcp.GetStream();
            if (options.Security == SmtpSecurity.Tls) await talk.SecureAsync(cancel);
            await talk.ExpectAsync("its greeting", 220, cancel);
            var extensions = await talk.HelloAsync(cancel);
            if (options.Security == SmtpSecurity.StartTls)
            {
                if (!extensions.Contains("STARTTLS", StringComparer.OrdinalIgnoreCase)) throw new SmtpException($"{options.Host} offers no TLS, and without it nothing is said.", isFinal: false);
                await talk.SayAsync("STARTTLS", 220, cancel);
                // What came before TLS may be anybody's (CVE-2011-0411).
                if (talk._filled > 0) throw new SmtpException($"{options.Host} said more than it should before TLS.", isFinal: false);
                await talk.SecureAsync(cancel);
                await talk.HelloAsync(cancel);
            }
            if (options.User is { } user) await talk.SayAsync($"AUTH PLAIN {Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{user}\0{options.Password}"))}", 235, cancel, "AUTH PLAIN");
            return talk;
        }
        catch
        {
            talk.Dispose();
            throw;
        }
    }

    /// <param name="letter">Headers and body, CRLF at each line's end.</param>
    /// <returns>What the server said when it took the letter.</returns>
    public async Task<string> SendAsync(string from, IEnumerable<string> to, string letter, CancellationToken cancel)
    {
        await SayAsync($"MAIL FROM:<{from}>", 250, cancel);
        foreach (var address in to) await SayAsync($"RCPT TO:<{address}>", 250, cancel);
        await SayAsync("DATA", 354, cancel);
        // A line that begins with a point would end the letter (4.5.2).
        var safe = letter.Replace("\r\n.", "\r\n..", StringComparison.Ordinal);
        await WriteAsync($"{(safe.StartsWith('.') ? "." : "")}{safe}\r\n.\r\n", cancel);
        var said = await ExpectAsync("the letter", 250, cancel);
        await WriteAsync("QUIT\r\n", cancel);
        return said;
    }

    public void Dispose()
    {
        _stream.Dispose();
        _tcp.Dispose();
    }

    private async Task SecureAsync(CancellationToken cancel)
    {
        var tls = new SslStream(_stream, leaveInnerStreamOpen: false);
        var how = new SslClientAuthenticationOptions { TargetHost = _options.Host };
        if (_options.Ca is { } file)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPemFile(file);
            how.CertificateChainPolicy = policy;
        }
        await tls.AuthenticateAsClientAsync(how, cancel);
        _stream = tls;
    }

    private async Task<IReadOnlyList<string>> HelloAsync(CancellationToken cancel)
    {
        await WriteAsync("EHLO cvops-fleet\r\n", cancel);
        return (await ReadAsync("EHLO", 250, cancel)).Skip(1).ToArray();
    }

    private async Task SayAsync(string line, int expected, CancellationToken cancel, string? named = null)
    {
        await WriteAsync(line + "\r\n", cancel);
        await ExpectAsync(named ?? line, expected, cancel);
    }

    private async Task<string> ExpectAsync(string what, int code, CancellationToken cancel) => string.Join(' ', await ReadAsync(what, code, cancel));

    /// <returns>The reply's lines, without its code.</returns>
    private async Task<List<string>> ReadAsync(string what, int expected, CancellationToken cancel)
    {
        var lines = new List<string>();
        while (true)
        {
            var line = await LineAsync(cancel);
            if (line.Length < 3 || !int.TryParse(line.AsSpan(0, 3), out var code)) throw new SmtpException($"{_options.Host} speaks no SMTP.", isFinal: false);
            lines.Add(line.Length > 4 ? line[4..] : "");
            if (line.Length > 3 && line[3] == '-') continue;
            // A relay takes a recipient with 251, too.
            if (code == expected || (expected == 250 && code == 251)) return lines;
            throw new SmtpException($"{_options.Host} answered {code} to {what}: {string.Join(' ', lines)}", isFinal: code is >= 500 and not 535);
        }
    }

    private async Task<string> LineAsync(CancellationToken cancel)
    {
        while (true)
        {
            if (_buffer.AsSpan(0, _filled).IndexOf((byte)'\n') is >= 0 and var end)
            {
                var line = Encoding.UTF8.GetString(_buffer, 0, end).TrimEnd('\r');
                _buffer.AsSpan(end + 1, _filled - end - 1).CopyTo(_buffer);
                _filled -= end + 1;
                return line;
            }
            if (_filled == _buffer.Length) throw new SmtpException($"{_options.Host} speaks no SMTP: a line has more than {LongestLine} bytes.", isFinal: false);
            var read = await _stream.ReadAsync(_buffer.AsMemory(_filled), cancel);
            if (read == 0) throw new SmtpException($"{_options.Host} ended the conversation.", isFinal: false);
            _filled += read;
        }
    }

    private async Task WriteAsync(string text, CancellationToken cancel)
    {
        await _stream.WriteAsync(Encoding.UTF8.GetBytes(text), cancel);
        await _stream.FlushAsync(cancel);
    }
}
