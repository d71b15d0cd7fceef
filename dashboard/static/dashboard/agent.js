// Runs watched live and replayed, and the chat. Events of the agent come in order and without gaps from connection.js;
// what they tell is fetched from the server, from the last thing shown on, so nothing is shown twice or left out.
(() => {
  // "puffling-agent" as one event for each kind: agent-step, agent-text, agent-run, agent-message.
  document.body.addEventListener("puffling-agent", ({ detail }) => {
    document.body.dispatchEvent(new CustomEvent(`agent-${detail.kind}`, { detail }));
  });

  // The end of a list that fetches what comes after it and is replaced by that and a new end. `behind(shown)` says
  // whether more is known than the list shows. An end asks once; one whose request failed may be asked again.
  const follower = (place, event, behind) => {
    let asked = null;
    const tail = () => place.querySelector(":scope > [data-tail]");
    const ask = () => {
      const end = tail();
      if (!end || end === asked) return;
      asked = end;
      window.htmx.trigger(end, event);
    };
    const follow = new MutationObserver(() => {
      const end = tail();
      if (end && end !== asked && behind(Number(end.dataset.after))) setTimeout(ask); // once htmx knows it
    });
    follow.observe(place, { childList: true });
    const failed = ({ target }) => {
      if (target === asked) asked = null;
    };
    place.addEventListener("htmx:finally:request", failed);
    return { ask, stop: () => follow.disconnect() };
  };

  document.addEventListener("alpine:init", () => {
    const { Alpine } = window;
    const listen = (component, kinds) => {
      for (const [kind, hear] of Object.entries(kinds)) {
        const handler = ({ detail }) => hear.call(component, detail.payload);
        document.body.addEventListener(`agent-${kind}`, handler);
        component.leaving.push(() => document.body.removeEventListener(`agent-${kind}`, handler));
      }
    };

    Alpine.data("agentRun", () => ({
      said: "",
      at: 0,
      playing: false,
      known: 0,
      leaving: [],
      init() {
        const { run, open } = this.$root.dataset;
        const mine = (payload) => payload.run === run;
        this.at = this.all().length;
        if (!open) return;
        const list = this.$root.querySelector(".steps");
        const steps = follower(list, "agent-more", (shown) => shown < this.known);
        this.leaving.push(steps.stop);
        listen(this, {
          step(payload) {
            if (!mine(payload)) return;
            this.known = Math.max(this.known, payload.number);
            this.said = "";
            this.$root.querySelector("[data-none]")?.remove();
            steps.ask();
          },
          text(payload) {
            if (mine(payload)) this.said += payload.text;
          },
          run(payload) {
            if (!mine(payload)) return;
            this.said = "";
            steps.ask();
          },
        });
        this.$nextTick(steps.ask); // what happened while the page was on its way
      },
      destroy() {
        clearInterval(this.timer);
        for (const leave of this.leaving) leave();
      },
      get quiet() {
        return this.said === "";
      },

      // --- replay
      all() {
        return [...this.$root.querySelectorAll(".steps > [data-step]")];
      },
      show(number) {
        const steps = this.all();
        this.at = Math.min(Math.max(1, number), steps.length);
        for (const [index, step] of steps.entries()) {
          step.hidden = index >= this.at;
          step.classList.toggle("now", index === this.at - 1 && this.at < steps.length);
        }
        this.$refs.slider.value = String(this.at);
        if (this.at === steps.length) this.pause();
      },
      slide() {
        this.show(Number(this.$refs.slider.value));
      },
      next() {
        this.show(this.at + 1);
      },
      before() {
        this.pause();
        this.show(this.at - 1);
      },
      toggle() {
        if (this.playing) {
          this.pause();
          return;
        }
        this.playing = true;
        this.show(this.at >= this.all().length ? 1 : this.at);
        this.timer = setInterval(() => this.next(), 900);
      },
      pause() {
        this.playing = false;
        clearInterval(this.timer);
      },
      get playWords() {
        return this.playing ? "Pause" : "Replay";
      },
      get words() {
        return `Step ${this.at} of ${this.all().length}`;
      },
    }));

    Alpine.data("chat", () => ({
      sending: false,
      known: 0,
      leaving: [],
      init() {
        const { conversation } = this.$root.dataset;
        const { talk, messages } = this.$refs;
        const down = () => (talk.scrollTop = talk.scrollHeight);
        this.$nextTick(down);
        const { say } = this.$refs;
        say.setSelectionRange(say.value.length, say.value.length);
        if (!conversation) return;
        this.more = follower(messages, "chat-more", (shown) => shown < this.known);
        this.leaving.push(this.more.stop);
        // Stay at the end as it grows, unless the reader went up.
        let low = true;
        const scrolled = () => (low = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 80);
        talk.addEventListener("scroll", scrolled);
        const watch = new ResizeObserver(() => low && down());
        watch.observe(messages);
        this.leaving.push(() => watch.disconnect());
        listen(this, {
          message(payload) {
            if (payload.conversation !== conversation) return;
            this.known = Math.max(this.known, payload.message);
            this.more.ask();
          },
        });
        this.$nextTick(this.more.ask);
      },
      destroy() {
        for (const leave of this.leaving) leave();
      },
      enter(event) {
        if (event.shiftKey || event.isComposing) return;
        event.preventDefault();
        const { say, form } = this.$refs;
        if (!say.value.trim() || this.sending) return;
        this.sending = Boolean(form.getAttribute("hx-post"));
        form.requestSubmit();
      },
      sent(event) {
        if (event.target !== this.$refs.form) return; // a card's, or an older page's
        this.sending = false;
        if (event.detail.ctx.response.status < 400) {
          this.$refs.say.value = "";
          this.more.ask();
        }
        this.$refs.say.focus();
      },
    }));

    // Words that can be taken over into the message: an example, or an answer to a question.
    Alpine.data("offers", () => ({
      take(event) {
        event.preventDefault();
        const say = document.getElementById("say");
        say.value = this.$el.dataset.text;
        say.focus();
      },
    }));
  });
})();
