using System.Net;
using CvOps.Fleet.Alerts.Channels;

namespace CvOps.Fleet.Tests.Alerts;

public sealed class GuardedHttpTests
{
    [Fact]
    public async Task A_name_that_changes_its_mind_is_looked_at_again_at_the_connection()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        // First it leads to a public address, as when the channel was set; by the time of the connection to this machine.
        var names = new ChangingNames(IPAddress.Parse("93.184.215.14"), IPAddress.Loopback);
        await names.ResolveAsync("rebind.example", CancellationToken.None);
        using var http = GuardedHttp.Create(new AddressRule([]), names, TimeSpan.FromSeconds(10));
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync(new Uri($"https://rebind.example:{receiver.Port}/"), TestContext.Current.CancellationToken));
        Assert.Contains("this machine", Assert.IsType<AddressRefusedException>(refused.InnerException).Message, StringComparison.Ordinal);
        Assert.Empty(receiver.Got);
    }

    [Fact]
    public async Task A_name_with_one_address_that_must_not_be_is_refused_whole()
    {
        using var http = GuardedHttp.Create(new AddressRule([]), new ChangingNames([IPAddress.Parse("93.184.215.14"), IPAddress.Parse("10.0.0.1")]), TimeSpan.FromSeconds(10));
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync(new Uri("https://both.example/"), TestContext.Current.CancellationToken));
        Assert.Contains("private network", refused.InnerException!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:{0}/")]
    [InlineData("http://[::1]:{0}/")]
    [InlineData("http://localhost:{0}/")]
    [InlineData("http://2130706433:{0}/")]
    [InlineData("http://0x7f.1:{0}/")]
    public async Task However_this_machine_is_written_it_is_not_connected_to(string address)
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        using var http = GuardedHttp.Create(new AddressRule([]), new SystemNames(), TimeSpan.FromSeconds(10));
        var url = new Uri(address.Replace("{0}", $"{receiver.Port}", StringComparison.Ordinal));
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync(url, TestContext.Current.CancellationToken));
        Assert.IsType<AddressRefusedException>(refused.InnerException);
        Assert.Empty(receiver.Got);
    }

    [Fact]
    public async Task Without_TLS_nothing_goes_beyond_what_the_operator_allowed()
    {
        using var http = GuardedHttp.Create(new AddressRule([]), new ChangingNames(IPAddress.Parse("93.184.215.14")), TimeSpan.FromSeconds(10));
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync(new Uri("http://plain.example/"), TestContext.Current.CancellationToken));
        Assert.Contains("Use https", refused.InnerException!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_is_an_answer_and_not_followed()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Answer = http =>
        {
            http.Response.Headers.Location = "/elsewhere";
            return 307;
        };
        using var http = GuardedHttp.Create(new AddressRule([IPNetwork.Parse("127.0.0.1/32")]), new SystemNames(), TimeSpan.FromSeconds(10));
        using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{receiver.Port}/"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.TemporaryRedirect, answer.StatusCode);
        Assert.Single(receiver.Got);
    }

    private sealed class ChangingNames(params IPAddress[][] answers) : INameResolver
    {
        private int _asked;

        public ChangingNames(IPAddress first, params IPAddress[] then) : this([[first], .. then.Select(address => new[] { address })])
        {
        }

        public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancel) => Task.FromResult(answers[Math.Min(_asked++, answers.Length - 1)]);
    }
}
