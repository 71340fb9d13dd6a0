using System.Net.Http.Json;
using System.Text;
using System.Text.RegularExpressions;
using CvOps.Contracts;
using CvOps.Contracts.Alerts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Identity;
using CvOps.Fleet.Alerts.Channels;
using CvOps.Testing;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Tests.Alerts;

public sealed class EmailTests
{
    [Fact]
    public async Task A_device_that_is_gone_is_told_by_letter()
    {
        await using var server = new SmtpServer();
        await using var fleet = await FleetHost.StartAsync(options =>
        {
            AlertFleet.Quick(options);
            options.Smtp = new SmtpOptions { Host = "127.0.0.1", Port = server.Port, Security = SmtpSecurity.None, From = "cvops@plant.example" };
        });
        await fleet.PutAsync<AlertChannelSettings, AlertChannelSaved>("alerts/channels/shift", new AlertChannelSettings { Kind = AlertChannelKind.Email, To = ["shift@plant.example", "lead@plant.example"] });
        await fleet.OfflineAtOnceAsync();
        await using var device = await fleet.ConnectDeviceAsync("press-1");
        await device.SayOnlineAsync();
        await device.SayOfflineAsync();
        await FleetHost.UntilAsync(() => Task.FromResult(server.Letters.Count == 1), "a letter");
        var letter = server.Letters.First();
        Assert.Equal("<cvops@plant.example>", letter.From);
        Assert.Equal(["<shift@plant.example>", "<lead@plant.example>"], letter.To);
        Assert.Equal("[critical] device-offline: press-1", Subject(letter.Text));
        Assert.Contains("press-1 is offline: check its power", Body(letter.Text), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Over_TLS_it_says_who_it_is_and_only_to_a_server_whose_authority_it_trusts(bool tlsFirst)
    {
        using var folder = new TestFolder();
        using var authority = CertificateAuthority.Create(folder["authority"]);
        using var stranger = CertificateAuthority.Create(folder["stranger"]);
        using var certificate = authority.IssueServer(["127.0.0.1", "localhost"]).ToX509();
        await using var server = new SmtpServer(certificate, tlsFirst);
        var options = new SmtpOptions { Host = "localhost", Port = server.Port, Security = tlsFirst ? SmtpSecurity.Tls : SmtpSecurity.StartTls, From = "cvops@plant.example", User = "fleet", Password = "secret", Ca = authority.CertificatePath };
        var sent = await DeliverAsync(options);
        Assert.True(sent.Delivered, sent.Detail);
        Assert.Equal((true, "fleet"), (server.Letters.First().Tls, server.Letters.First().User));

        options.Ca = stranger.CertificatePath;
        var refused = await DeliverAsync(options);
        Assert.False(refused.Delivered);
        options.Ca = authority.CertificatePath;
        options.Password = "wrong";
        Assert.Contains("535", (await DeliverAsync(options)).Detail, StringComparison.Ordinal);
        Assert.Single(server.Letters);
    }

    [Fact]
    public async Task Without_TLS_nothing_is_said_to_a_server_that_should_have_it()
    {
        await using var server = new SmtpServer();
        var result = await DeliverAsync(new SmtpOptions { Host = "127.0.0.1", Port = server.Port, From = "cvops@plant.example", User = "fleet", Password = "secret" });
        Assert.Contains("offers no TLS", result.Detail, StringComparison.Ordinal);
        Assert.Empty(server.Letters);
    }

    [Fact]
    public async Task A_recipient_that_is_refused_for_good_is_not_tried_for_days_and_one_that_is_refused_for_now_is()
    {
        await using var server = new SmtpServer { ToRecipients = "550 5.1.1 no such user" };
        var options = new SmtpOptions { Host = "127.0.0.1", Port = server.Port, Security = SmtpSecurity.None, From = "cvops@plant.example" };
        var final = await DeliverAsync(options);
        Assert.Equal((false, true), (final.Delivered, final.IsFinal));
        Assert.Contains("no such user", final.Detail, StringComparison.Ordinal);
        server.ToRecipients = "450 4.2.1 later";
        Assert.False((await DeliverAsync(options)).IsFinal);
    }

    [Fact]
    public async Task No_name_becomes_a_header_and_no_line_ends_the_letter()
    {
        await using var server = new SmtpServer();
        var options = new SmtpOptions { Host = "127.0.0.1", Port = server.Port, Security = SmtpSecurity.None, From = "cvops@plant.example" };
        var title = "press\r\nBcc: thief@example.org\r\n\r\n.\r\nMAIL FROM:<x> " + new string('ö', 90);
        await DeliverAsync(options, title);
        var letter = Assert.Single(server.Letters);
        Assert.DoesNotContain("Bcc", letter.Text, StringComparison.Ordinal);
        Assert.All(letter.Text.Split('\n'), line => Assert.True(line.Length <= 78, line));
        Assert.Equal(title.Replace('\r', ' ').Replace('\n', ' '), Subject(letter.Text));
    }

    [Fact]
    public async Task Without_a_mail_server_a_channel_of_letters_is_refused_with_what_is_missing()
    {
        await using var fleet = await FleetHost.StartAsync();
        using var answer = await fleet.Http.PutAsJsonAsync("alerts/channels/shift", new AlertChannelSettings { Kind = AlertChannelKind.Email, To = ["a@b.example"] }, ContractsJson.Default.Options, TestContext.Current.CancellationToken);
        Assert.Contains("Fleet__Smtp__Host", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static Task<DeliveryResult> DeliverAsync(SmtpOptions smtp, string title = "title")
    {
        var channel = new Channel("shift", new AlertChannelSettings { Kind = AlertChannelKind.Email, To = ["shift@plant.example"] }, null);
        var parcel = new Parcel("n-1", DateTimeOffset.UtcNow, new AlertNotification(title, AlertSeverity.Warning, 1, []));
        return new EmailChannel(Options.Create(new FleetOptions { Smtp = smtp })).DeliverAsync(channel, parcel, TestContext.Current.CancellationToken);
    }

    private static string Subject(string letter)
    {
        var lines = letter[(letter.IndexOf("Subject: ", StringComparison.Ordinal) + 9)..letter.IndexOf("\nAuto-Submitted", StringComparison.Ordinal)];
        return string.Concat(Regex.Matches(lines, @"=\?utf-8\?B\?(?<word>[^?]*)\?=").Select(word => Encoding.UTF8.GetString(Convert.FromBase64String(word.Groups["word"].Value))));
    }

    private static string Body(string letter) => Encoding.UTF8.GetString(Convert.FromBase64String(letter[(letter.IndexOf("\n\n", StringComparison.Ordinal) + 2)..].Replace("\n", "", StringComparison.Ordinal)));
}
