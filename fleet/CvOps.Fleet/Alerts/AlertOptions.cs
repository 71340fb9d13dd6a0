using System.Net;
using System.Net.Mail;

namespace CvOps.Fleet.Alerts;

/// <summary>What alerts take from the settings. Pure but for looking whether files are there.</summary>
internal static class AlertOptions
{
    /// <summary>The fleet's address as people see it, without a slash at its end.</summary>
    public static string FleetUrl(FleetOptions options) => (options.PublicUrl ?? options.Http).TrimEnd('/');

    public static IReadOnlyList<IPNetwork> Networks(FleetOptions options) =>
        [.. (options.AlertNetworks ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(text => IPNetwork.TryParse(text, out var network) ? network : default)];

    public static IEnumerable<string> Mistakes(FleetOptions options)
    {
        foreach (var text in (options.AlertNetworks ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            if (!IPNetwork.TryParse(text, out _)) yield return $"--alert-networks '{text}' is no network; write it as 10.1.0.0/16, one machine as 10.1.2.3/32.";
        if (options.Smtp is not { } smtp) yield break;
        if (smtp.Host.Length == 0) yield return "Fleet:Smtp:Host is missing: the server that takes letters.";
        if (smtp.Port is < 1 or > 65535) yield return $"Fleet:Smtp:Port is {smtp.Port}; 587 is usual, 465 with Security Tls.";
        if (!MailAddress.TryCreate(smtp.From, out _)) yield return $"Fleet:Smtp:From '{smtp.From}' is no address; letters need a sender.";
        if (smtp.User is null != smtp.Password is null) yield return "Fleet:Smtp:User and Fleet:Smtp:Password belong together.";
        if (smtp is { Security: SmtpSecurity.None, User: not null }) yield return "Fleet:Smtp:Security None would send the password for everybody to read; use StartTls or Tls.";
        if (smtp.Ca is { } ca && !File.Exists(ca)) yield return $"Fleet:Smtp:Ca {ca}: there is no such file.";
    }
}
