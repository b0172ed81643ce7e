/* SPDX-License-Identifier: Apache-2.0 */
/* cli/polkit-agent.h: who asks for a password on a terminal. */
#pragma once

/**
 * polkit_agent_start() - let polkit's terminal agent ask for this process
 *
 * Nothing for root, without a terminal, or where the agent is not installed: polkit then refuses what needs a password, or a
 * desktop's agent asks. It ends by itself with this process's pipe.
 *
 * Source: pkttyagent(1); that a fallback needs a session: get_authentication_agent_for_subject() in polkit
 */
void polkit_agent_start(void);
