using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace CvOps.Fleet.Serving;

/// <summary>What browsers, programs and devices are shown. When its files change they are read again, so that whoever renews them restarts nothing.</summary>
internal sealed partial class HttpsCertificate
{
    /// <summary>Between two looks at the files, at the earliest.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(10);

    private readonly (string Certificate, string Key) _files;
    private readonly TimeProvider _time;
    private readonly ILogger<HttpsCertificate> _log;
    private readonly Lock _lock = new();
    private Shown _shown;
    private long _looked;

    /// <exception cref="CryptographicException">The files hold no certificate and key that belong together.</exception>
    /// <exception cref="IOException">They can't be read.</exception>
    public HttpsCertificate(FleetOptions options, TimeProvider time, ILogger<HttpsCertificate> log)
    {
        (_files, _time, _log) = ((options.HttpCertificate!, options.HttpKey!), time, log);
        _shown = Shown.Of(Read(_files));
        _looked = time.GetTimestamp();
    }

    /// <returns>Why the pair cannot be shown, as the end of a sentence; null when it can.</returns>
    public static string? Problem(string certificate, string key)
    {
        try
        {
            Shown.Of(Read((certificate, key))).Leaf.Dispose();
            return null;
        }
        catch (Exception e) when (IsUnusable(e))
        {
            return e.Message.TrimEnd('.');
        }
    }

    /// <summary>For Kestrel: each handshake is given the newest pair, with the authorities between it and its root.</summary>
    public void Serve(HttpsConnectionAdapterOptions https)
    {
        // Kestrel wants one of its own ways of naming a certificate; the context below also has the chain.
        https.ServerCertificateSelector = (_, _) => Newest().Leaf;
        https.OnAuthenticate = Show;
    }

    private void Show(ConnectionContext connection, SslServerAuthenticationOptions options)
    {
        options.ServerCertificateSelectionCallback = null;
        options.ServerCertificateContext = Newest().Context;
    }

    private Shown Newest()
    {
        lock (_lock)
        {
            if (_time.GetElapsedTime(_looked) < Pace) return _shown;
            _looked = _time.GetTimestamp();
            try
            {
                var text = Read(_files);
                if (text == _shown.Text) return _shown;
                // The former one is left to the collector: handshakes may still be at it.
                _shown = Shown.Of(text);
                var until = _shown.Leaf.NotAfter.ToUniversalTime();
                Log.Renewed(_log, _files.Certificate, until);
            }
            catch (Exception e) when (IsUnusable(e))
            {
                Log.NotRenewed(_log, _files.Certificate, e.Message);
            }
            return _shown;
        }
    }

    private static bool IsUnusable(Exception e) => e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException;

    private static (string Certificate, string Key) Read((string Certificate, string Key) files) => (File.ReadAllText(files.Certificate), File.ReadAllText(files.Key));

    private sealed record Shown((string Certificate, string Key) Text, X509Certificate2 Leaf, SslStreamCertificateContext Context)
    {
        /// <param name="text">PEM: the certificate, behind it the authorities between it and its root; its key.</param>
        public static Shown Of((string Certificate, string Key) text)
        {
            var leaf = X509Certificate2.CreateFromPem(text.Certificate, text.Key);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(text.Certificate);
            return new Shown(text, leaf, SslStreamCertificateContext.Create(leaf, [.. chain.Skip(1)], offline: true));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 2701, Level = LogLevel.Information, Message = "{File} was read again: it is good until {Until:u}")]
        public static partial void Renewed(ILogger logger, string file, DateTime until);

        [LoggerMessage(EventId = 2702, Level = LogLevel.Error, Message = "{File} or its key has changed and cannot be used ({Reason}); the former one is shown on")]
        public static partial void NotRenewed(ILogger logger, string file, string reason);
    }
}
