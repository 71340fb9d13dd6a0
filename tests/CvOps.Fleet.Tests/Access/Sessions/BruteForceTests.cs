using System.Diagnostics;
using System.Net;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Accounts;
using CvOps.Fleet.Storage;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Tests.Access.Sessions;

public sealed class BruteForceTests
{
    [Fact, Trait("tier", "integration")]
    public async Task An_account_that_is_guessed_at_is_locked_longer_each_time_and_its_owner_comes_in_afterwards()
    {
        await using var fleet = await FleetHost.StartAsync();
        (await Browser.NewAsync(fleet, "early", new RoleGrant(Role.Viewer))).Dispose();
        using var browser = new Browser(fleet);
        for (var attempt = 0; attempt < LockoutRule.Free; attempt++) Assert.Contains("refused=wrong", Where(await browser.SignInAsync("early", "wrong")), StringComparison.Ordinal);
        Assert.Contains("refused=wrong", Where(await browser.SignInAsync("early")), StringComparison.Ordinal);
        var database = fleet.Services.GetRequiredService<Database>();
        var locked = await database.ReadAsync(connection => AccountTable.ByName(connection, "early")!, TestContext.Current.CancellationToken);
        Assert.InRange(SqlTime.From(locked.LockedUntil) - DateTimeOffset.UtcNow, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(31));
        // As if the half minute had passed.
        await database.WriteAsync(connection => connection.Execute("UPDATE account SET locked_until = 1"), TestContext.Current.CancellationToken);
        Assert.Equal("/", Where(await browser.SignInAsync("early")));
    }

    [Fact, Trait("tier", "integration")]
    public async Task An_address_that_guesses_at_many_accounts_is_not_listened_to_for_a_minute()
    {
        await using var fleet = await FleetHost.StartAsync();
        (await Browser.NewAsync(fleet, "early", new RoleGrant(Role.Viewer))).Dispose();
        using var browser = new Browser(fleet);
        for (var attempt = 0; attempt < 10; attempt++) await browser.SignInAsync($"guess-{attempt}", "wrong");
        Assert.Contains("refused=later", Where(await browser.SignInAsync("early")), StringComparison.Ordinal);
        Assert.Null(browser.Session);
    }

    [Fact]
    public void The_lock_doubles_from_half_a_minute_to_an_hour()
    {
        Assert.All(Enumerable.Range(0, LockoutRule.Free), failures => Assert.Equal(TimeSpan.Zero, LockoutRule.After(failures)));
        Assert.Equal([30, 60, 120, 240], Enumerable.Range(LockoutRule.Free, 4).Select(failures => LockoutRule.After(failures).TotalSeconds));
        Assert.Equal(TimeSpan.FromHours(1), LockoutRule.After(1000));
    }

    [Fact]
    public void A_password_of_nobody_takes_as_long_as_a_wrong_one()
    {
        var passwords = new Passwords(Options.Create(new FleetOptions { PasswordIterations = 210_000 }));
        var hash = passwords.Hash("four words nobody says");
        passwords.Verify(hash, "x");
        var (known, unknown) = (Least(() => passwords.Verify(hash, "wrong password")), Least(() => passwords.Verify(null, "wrong password")));
        Assert.InRange(unknown / known, 0.5, 2);
        Assert.False(passwords.Verify(null, "wrong password").Right);

        static double Least(Action act)
        {
            var times = Enumerable.Range(0, 9).Select(_ =>
            {
                var start = Stopwatch.GetTimestamp();
                act();
                return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            }).Order().ToArray();
            // What else the machine does only adds.
            return times[0];
        }
    }

    [Fact]
    public void Raised_iterations_hash_a_right_password_anew_and_a_hash_says_its_own()
    {
        var before = new Passwords(Options.Create(new FleetOptions { PasswordIterations = 10_000 })).Hash("four words nobody says");
        var now = new Passwords(Options.Create(new FleetOptions { PasswordIterations = 20_000 }));
        Assert.Equal((true, true), now.Verify(before, "four words nobody says"));
        Assert.Equal((true, false), now.Verify(now.Hash("four words nobody says"), "four words nobody says"));
        // ASP.NET's format 1: marker, PRF 2 = HMAC-SHA512, iterations.
        var bytes = Convert.FromBase64String(before);
        Assert.Equal((1, 2, 10_000), (bytes[0], bytes[4], (bytes[5] << 24) | (bytes[6] << 16) | (bytes[7] << 8) | bytes[8]));
        Assert.Equal(210_000, new FleetOptions().PasswordIterations);
    }

    [Theory]
    [InlineData("eleven char", false)]
    [InlineData("aaaaaaaaaaaaaaaa", false)]
    [InlineData("my name is early!", false)]
    [InlineData("four words nobody says", true)]
    public void Passwords_are_long_and_not_the_name(string password, bool good) => Assert.Equal(good, Passwords.Problem(password, "early") is null);

    private static string Where(HttpResponseMessage answer)
    {
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        return answer.Headers.Location!.ToString();
    }
}
