using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CvOps.Agent.Configuration;
using CvOps.Agent.Link;
using CvOps.Agent.Spool;
using CvOps.Agent.Update.Import;
using CvOps.Contracts.Api;
using CvOps.Contracts.Identity;

namespace CvOps.Agent.Enrolment;

/// <summary><c>cvops-agent enroll</c>: this device gets a certificate from the fleet, for a key that it makes and keeps.</summary>
internal static class EnrollCommand
{
    public const string Help = $"""
        cvops-agent enroll: gets this device a certificate from the fleet, for a key that never leaves it.

          cvops-agent enroll --fleet URL --token TOKEN [--config FILE] [--device ID] [--again]
          cvops-agent enroll --fleet URL --token-file FILE ...

          --fleet URL        the fleet manager's address, http or https
          --token TOKEN      as 'cvops device token create' printed it; others on this machine can see it while this runs
          --token-file FILE  the token in a file, or - for standard input
          --config FILE      the agent's configuration: says which device this is and where the files go (default {CommandLine.DefaultPath});
                             one without a section 'link' gets it
          --device ID        which device this is, where no configuration says it
          --again            although there is a certificate that is good

        The token's secret is not sent: it signs the request, and the third part of the token tells whether the fleet that answers is
        the right one. So the first contact may be plain HTTP. The agent renews the certificate by itself when a third of its life is left.

        Exit codes: 0 enrolled, 1 refused or no fleet, 78 the configuration or command line is wrong.
        """;

    private const int Done = 0;
    private const int Refused = 1;
    private const int WrongInput = 78;

    /// <summary>No device starts that often; a number beyond comes from somebody who would wear the counter out.</summary>
    private const long MostBoot = 1L << 53;

    /// <param name="arguments">Without the verb.</param>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, TextWriter output, TextWriter problems)
    {
        if (arguments.Any(argument => argument is "--help" or "-h"))
        {
            output.WriteLine(Help);
            return Done;
        }
        try
        {
            await EnrollAsync(EnrollOrder.Parse(arguments), output);
            return Done;
        }
        catch (ConfigurationException e)
        {
            foreach (var mistake in e.Mistakes) problems.WriteLine($"cvops-agent enroll: {mistake}");
            return WrongInput;
        }
        catch (Exception e) when (e is EnrolmentException or IOException or UnauthorizedAccessException or CryptographicException)
        {
            problems.WriteLine($"cvops-agent enroll: {e.Message}");
            return Refused;
        }
    }

    private static async Task EnrollAsync(EnrollOrder order, TextWriter output)
    {
        var target = EnrolmentTarget.Read(order.Config, order.Device);
        var identity = new DeviceIdentity(target.Certificate, target.Key);
        identity.Recover();
        using (var present = identity.Load())
        {
            if (present is not null && present.NotAfter.ToUniversalTime() > DateTime.UtcNow && !order.Again)
                throw new EnrolmentException($"There is a certificate of '{IssuedIdentity.NameOf(present)}' in {target.Certificate}, good until {present.NotAfter.ToUniversalTime():u}. To replace it, add --again.");
        }
        using var key = identity.OpenNextKey();
        var request = DeviceRequest.Make(target.Device, key);
        var proof = order.Token.Prove(DeviceRequest.Read(request).Der);
        var answer = await EnrolmentClient.AskAsync(order.Fleet, new EnrolmentRequest(order.Token.Id, request, proof), CancellationToken.None);

        using var authority = X509Certificate2.CreateFromPem(answer.Authority);
        if (!order.Token.IsOf(authority)) throw new EnrolmentException($"Whoever answers at {order.Fleet} is not the fleet that made this token: it has another authority. Nothing was changed.");
        using var certificate = X509Certificate2.CreateFromPem(answer.Certificate);
        if (DeviceIdentity.Problem(certificate, key, target.Device, authority, DateTimeOffset.UtcNow) is { } problem) throw new EnrolmentException($"{problem} Nothing was changed; if this device's clock is wrong, set it.");
        if (answer.LowestBoot is < 1 or > MostBoot) throw new EnrolmentException($"The fleet at {order.Fleet} wants the next start to have the number {answer.LowestBoot}; a number is 1 to {MostBoot}. Nothing was changed.");
        // The addresses are not signed: without TLS to this authority they would be worth nothing.
        var brokers = answer.Brokers.Where(broker => LinkOptions.Parse(broker) is { } address && LinkOptions.IsSecure(address)).ToArray();

        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(target.Ca))!);
        PemFile.WriteCertificate(target.Ca, authority.ExportCertificatePem() + "\n");
        // Before the certificate: with it in place nobody would ask for the number again.
        if (BootCounter.Raise(target.Spool, answer.LowestBoot) is { } boot)
        {
            FolderOwner.Give(target.Spool, target.Data);
            FolderOwner.Give(boot, target.Data);
            output.WriteLine($"The fleet knew a device of this name: the agent's next start has the number {answer.LowestBoot}.");
        }
        identity.Install(answer.Certificate + "\n");
        foreach (var file in new[] { target.Ca, target.Certificate, target.Key }) FolderOwner.Give(file, target.Data);
        if (Directory.Exists(target.Folder)) FolderOwner.Give(target.Folder, target.Data);
        output.WriteLine($"Enrolled as {target.Device}. The certificate {certificate.SerialNumber} is good until {certificate.NotAfter.ToUniversalTime():u}; the agent renews it by itself.");
        output.WriteLine($"  authority    {target.Ca}\n  certificate  {target.Certificate}\n  key          {target.Key} (mode 0600; it has not left this device)");
        WriteLink(target, brokers.Length > 0 ? brokers : ["mqtts://your.broker:8883"], output);
    }

    private static void WriteLink(EnrolmentTarget target, string[] brokers, TextWriter output)
    {
        if (target is { Exists: true, Linked: false })
        {
            using var file = File.AppendText(target.File);
            file.Write($"\n{target.Section(brokers)}");
            output.WriteLine($"The section 'link' was added to {target.File}.");
        }
        else if (!target.Exists) output.WriteLine($"This belongs into {target.File}:\n\n{target.Section(brokers)}");
        else if (target.Missing.Count > 0)
            output.WriteLine($"This belongs into the section 'link' of {target.File}:\n\n{string.Concat(target.Missing.Select(name => $"  {name}: {target.Lines(brokers)[name]}\n"))}");
    }
}
